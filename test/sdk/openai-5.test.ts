import { compareSdk } from './compare-sdk.ts';

compareSdk(5);
