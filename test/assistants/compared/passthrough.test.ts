import { compareApi } from './compare-api.ts';

compareApi('passthrough');
