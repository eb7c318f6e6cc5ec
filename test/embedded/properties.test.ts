import { testLedgerProperties } from '../ledger/contract/ledger-properties.ts';
import { openEmbedded } from './open-embedded.ts';

testLedgerProperties('memory and a file', openEmbedded, { runs: 500, rollsBack: true });
