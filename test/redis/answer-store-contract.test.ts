import { describeAnswerStore } from '../idempotency/contract/answer-store-contract.ts';
import { shareRedisForAnswers } from './open-answers.ts';

describeAnswerStore('Redis', shareRedisForAnswers());
