import { describeVault } from '../redaction/contract/vault-contract.ts';
import { shareRedisForVaults } from './open-vault-store.ts';

describeVault('Redis', shareRedisForVaults());
