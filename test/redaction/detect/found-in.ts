import { createDetector } from '../../../src/redaction/detect/create-detector.ts';
import type { DetectorSettings } from '../../../src/redaction/detect/detector-settings.ts';

/** What a detector finds, as `ENTITY text`. */
export function createFinder(settings?: DetectorSettings): (text: string) => string[] {
  const detector = createDetector(settings);
  return (text) => detector.find(text).map(({ entity, from, end }) => `${entity} ${text.slice(from, end)}`);
}
