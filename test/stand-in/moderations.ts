import type {
  Moderation,
  ModerationCreateParams,
  ModerationCreateResponse,
} from 'openai/resources/moderations';

import { missing } from './api-error.ts';
import { json } from './reply.ts';
import type { Route } from './router.ts';

/** A word list instead of a classifier. */
export function moderationRoutes(): Route[] {
  return [
    {
      method: 'POST',
      path: '/moderations',
      handle(call) {
        const { input, model } = call.json<ModerationCreateParams>();
        if (input === undefined) throw missing('input');
        return json<ModerationCreateResponse>({
          id: call.mint.id('modr-', 32),
          model: model ?? 'omni-moderation-latest',
          results: toTexts(input).map(moderate),
        });
      },
    },
  ];
}

/** Texts and images in one list are judged together. */
function toTexts(input: ModerationCreateParams['input']): string[] {
  if (typeof input === 'string') return [input];
  const parts = input.map((part) => (typeof part === 'string' ? part : 'text' in part ? part.text : ''));
  return typeof input[0] === 'string' ? parts : [parts.join('\n')];
}

function moderate(text: string): Moderation {
  const score = (category: keyof Moderation.Categories) => (WORDS[category]?.test(text) ? 0.93 : 0.0001);
  const category_scores: Moderation.CategoryScores = {
    harassment: score('harassment'),
    'harassment/threatening': score('harassment/threatening'),
    hate: score('hate'),
    'hate/threatening': score('hate/threatening'),
    illicit: score('illicit'),
    'illicit/violent': score('illicit/violent'),
    'self-harm': score('self-harm'),
    'self-harm/instructions': score('self-harm/instructions'),
    'self-harm/intent': score('self-harm/intent'),
    sexual: score('sexual'),
    'sexual/minors': score('sexual/minors'),
    violence: score('violence'),
    'violence/graphic': score('violence/graphic'),
  };
  const over = (category: keyof Moderation.Categories) => category_scores[category] > 0.5;
  return {
    flagged: Object.values(category_scores).some((value) => value > 0.5),
    categories: {
      harassment: over('harassment'),
      'harassment/threatening': over('harassment/threatening'),
      hate: over('hate'),
      'hate/threatening': over('hate/threatening'),
      illicit: over('illicit'),
      'illicit/violent': over('illicit/violent'),
      'self-harm': over('self-harm'),
      'self-harm/instructions': over('self-harm/instructions'),
      'self-harm/intent': over('self-harm/intent'),
      sexual: over('sexual'),
      'sexual/minors': over('sexual/minors'),
      violence: over('violence'),
      'violence/graphic': over('violence/graphic'),
    },
    category_scores,
    category_applied_input_types: {
      harassment: ['text'],
      'harassment/threatening': ['text'],
      hate: ['text'],
      'hate/threatening': ['text'],
      illicit: ['text'],
      'illicit/violent': ['text'],
      'self-harm': ['text'],
      'self-harm/instructions': ['text'],
      'self-harm/intent': ['text'],
      sexual: ['text'],
      'sexual/minors': ['text'],
      violence: ['text'],
      'violence/graphic': ['text'],
    },
  };
}

const WORDS: Partial<Record<keyof Moderation.Categories, RegExp>> = {
  harassment: /\b(idiot|loser)\b/i,
  hate: /\bhate (them|those people)\b/i,
  illicit: /\b(launder money|pick a lock)\b/i,
  'self-harm': /\bhurt myself\b/i,
  violence: /\b(kill|stab|shoot|bomb)\b/i,
};
