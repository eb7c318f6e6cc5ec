import { describeVault } from '../redaction/contract/vault-contract.ts';
import { openEmbeddedVault } from './open-embedded-vault.ts';

describeVault('a file', openEmbeddedVault);
