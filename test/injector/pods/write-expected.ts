/** Writes what becomes of each pod here, to be read and agreed with: `node test/injector/pods/write-expected.ts`. */
import { writeFileSync } from 'node:fs';

import { cases, outcomeOf } from './cases.ts';

for (const each of cases) writeFileSync(each.expectedFile, outcomeOf(each));
