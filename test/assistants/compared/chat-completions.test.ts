import { compareApi } from './compare-api.ts';

compareApi('chatCompletions');
