import { describeAnswerStore } from '../idempotency/contract/answer-store-contract.ts';
import { openEmbeddedAnswers } from './open-embedded-answers.ts';

describeAnswerStore('a file', openEmbeddedAnswers);
