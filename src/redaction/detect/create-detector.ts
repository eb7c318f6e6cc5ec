import type { Detector, Finding } from '../detector.ts';
import { kind } from './character-kinds.ts';
import { createContext, lower, raise } from './context.ts';
import { createCustomFinder } from './custom-patterns.ts';
import type { DetectorSettings } from './detector-settings.ts';
import { findEmail } from './email.ts';
import { type EntityName, entities } from './entities.ts';
import { findBeside } from './find-beside.ts';
import { type FoldedText, foldLookAlikes } from './fold-look-alikes.ts';
import { createLettersZone, findBareKeys } from './letters-zone.ts';
import { findColonAddress } from './network-address.ts';
import { createNumberZone } from './number-zone.ts';
import { createPhoneFinder } from './phone.ts';
import type { Report } from './report.ts';
import { resolveEscapes } from './resolve-escapes.ts';
import { type Resolved, resolveOverlaps } from './resolve-overlaps.ts';
import { type Zones, createScan } from './scan.ts';
import { findAssigned, findPrivateKey, mayBeAssigned } from './secrets.ts';
import { skipDataUrl } from './skip-data-url.ts';
import { createTokenZone } from './token-zone.ts';
import { findUrlCredentials } from './url-credentials.ts';
import { withOwn } from './with-own.ts';

/**
 * All detectors over one pass of the text. What they take for a finding is weighed by the words around it; of
 * findings that overlap the better validated stays. Throws a RangeError if a custom pattern can't be used.
 */
export function createDetector(settings: DetectorSettings = {}): Detector {
  const wanted = settings.entities ?? (Object.keys(entities) as EntityName[]);
  const thresholds = new Map(
    wanted.map((name) => [name, settings.thresholds?.[name] ?? entities[name].threshold]),
  );
  const allowed = new Set((settings.allow ?? []).map((text) => text.toLowerCase()));
  const custom = createCustomFinder(settings.custom ?? []);
  const scan = createScan();
  const context = createContext();
  let found: Finding[] = [];
  let scanned = '';

  const report: Report = (entity, from, end, base) => {
    const threshold = thresholds.get(entity);
    if (threshold === undefined || base + raise < threshold) return;
    // Where the words can't change anything they are not asked.
    const isSure = base + lower >= threshold;
    if (base < threshold && !context.isRaised(entity, scanned, from, end)) return;
    const score = isSure ? base : Math.min(1, base + context.weigh(entity, scanned, from, end));
    if (score >= threshold) found.push({ entity, from, end, score });
  };
  const zones = createZones(context, settings.phoneRegions ?? ['US'], report);

  /** Undefined if the text has look-alikes. */
  function findIn(text: string): Resolved | undefined {
    [found, scanned] = [[], text];
    const isPlain = scan(text, zones);
    if (isPlain) findBareKeys(text, report);
    if (isPlain) custom.find(text, (entity, from, end) => found.push({ entity, from, end, score: 1 }));
    const candidates = found;
    // Nothing of a text is kept.
    [found, scanned] = [[], ''];
    context.forget();
    return isPlain ? resolveOverlaps(candidates) : undefined;
  }

  return {
    find(written) {
      const resolved = resolveEscapes(written);
      if (!resolved) return read(written);
      // A backslash may as well be one: of a password, or a path.
      const told = read(resolved.text).map((finding) => asWritten(finding, resolved));
      return withOwn(written, told, read(written));
    },
  };

  function read(told: string): Finding[] {
    const plain = findIn(told);
    const folded = plain ? undefined : foldLookAlikes(told);
    const text = folded?.text ?? told;
    const first = plain ?? findIn(text);
    const findings = first ? findBeside(text, first, (part) => findIn(part)?.kept ?? []) : [];
    const written = folded ? findings.map((finding) => asWritten(finding, folded)) : findings;
    if (allowed.size === 0) return written;
    return written.filter(({ from, end }) => !allowed.has(told.slice(from, end).toLowerCase()));
  }
}

function asWritten(finding: Finding, text: FoldedText): Finding {
  return { ...finding, ...text.original(finding.from, finding.end) };
}

function createZones(
  context: ReturnType<typeof createContext>,
  phoneRegions: readonly string[],
  report: Report,
): Zones {
  const phones = createPhoneFinder(phoneRegions, context);
  const number = createNumberZone(context, phones, report);
  const token = createTokenZone(context, report);
  return {
    token: (text, start, end, hasLetter) => (hasLetter ? token(text, start, end) : number(text, start, end)),
    letters: createLettersZone(report),
    sign(text, at, sign) {
      if (sign === kind.at) {
        findUrlCredentials(text, at, report);
        findEmail(text, at, 1, report);
      } else if (sign === kind.percent) {
        // An address in a query
        if (text.startsWith('%40', at)) findEmail(text, at, 3, report);
      } else if (sign === kind.joint) {
        return findPrivateKey(text, at, report) ?? at + 5;
      } else {
        if (mayBeAssigned(text, at)) findAssigned(text, at, report);
        if (sign === kind.colon) return skipDataUrl(text, at) ?? findColonAddress(text, at, report);
      }
      return at + 1;
    },
  };
}
