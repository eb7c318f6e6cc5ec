import { describeLedger } from '../ledger/contract/ledger-contract.ts';
import { openEmbedded } from './open-embedded.ts';

describeLedger('memory and a file', openEmbedded);
