import type { Clock } from '../clock.ts';
import { createRollingCount } from './rolling-count.ts';

/** `closed`: calls pass. `open`: none does. `halfOpen`: one of them finds out whether the upstream is well again. */
export type CircuitState = 'closed' | 'open' | 'halfOpen';

/** Between the callers and an upstream, so that one that is down is left alone, and its callers are told at once. */
export interface Circuit {
  state(): CircuitState;
  /** How long a call that comes now had better wait; undefined if it may pass. */
  refusedForMs(): number | undefined;
  /** Undefined if the call may not pass. */
  begin(): CircuitCall | undefined;
}

export interface CircuitCall {
  /** Told once: what comes after the first word is not heard. */
  end(how: 'well' | 'failed' | 'slow' | 'unknown'): void;
  /** An answer that had begun well broke off. */
  brokeOff(): void;
}

export interface CircuitSettings {
  /** 1 to 100, of the calls in a window. */
  readonly failurePercent: number;
  readonly minCalls: number;
  readonly windowMs: number;
  readonly openMs: number;
  readonly clock: Pick<Clock, 'nowMs'>;
  readonly onChange: (state: CircuitState) => void;
}

/**
 * Opens when enough of the calls of the last `windowMs` failed or were slow, or `minCalls` in a row, whatever went well
 * before those; and after `openMs` lets single calls through. The first of those that goes well closes it again, and all that was before is forgotten.
 */
export function createCircuit(settings: CircuitSettings): Circuit {
  const { failurePercent, minCalls, windowMs, openMs, clock, onChange } = settings;
  const ended = createRollingCount(windowMs, clock.nowMs);
  const bad = createRollingCount(windowMs, clock.nowMs);
  let state: CircuitState = 'closed';
  let badInARow = 0;
  /** While open: when the next probe may pass. While half open: when the probe counts as lost, and another may. */
  let probeAtMs = 0;
  /** Calls from before a change say nothing of the upstream as it is now. */
  let era = 0;

  return { state: () => state, refusedForMs, begin };

  function refusedForMs(): number | undefined {
    if (state === 'closed') return undefined;
    const leftMs = probeAtMs - clock.nowMs();
    return leftMs > 0 ? leftMs : undefined;
  }

  function begin(): CircuitCall | undefined {
    if (refusedForMs() !== undefined) return undefined;
    if (state !== 'closed') {
      probeAtMs = clock.nowMs() + openMs;
      change('halfOpen');
    }
    const ofEra = era;
    const isProbe = state === 'halfOpen';
    let word: Parameters<CircuitCall['end']>[0] | undefined;
    return {
      end(how) {
        if (word !== undefined || ofEra !== era) return;
        word = how;
        if (isProbe) return endProbe(how);
        if (how === 'unknown') return;
        ended.add();
        if (how === 'well') badInARow = 0;
        else countBad();
      },
      brokeOff() {
        if (word === 'well' && ofEra === era) countBad();
      },
    };
  }

  function endProbe(how: Parameters<CircuitCall['end']>[0]): void {
    if (how === 'well') change('closed');
    // Its caller left: the next one may probe at once.
    else if (how === 'unknown') probeAtMs = 0;
    else open();
  }

  function countBad(): void {
    // Those of another window are no row with this one.
    badInARow = bad.sum() === 0 ? 1 : badInARow + 1;
    bad.add();
    const calls = ended.sum();
    const isShareReached = calls >= minCalls && bad.sum() * 100 >= calls * failurePercent;
    if (isShareReached || badInARow >= minCalls) open();
  }

  function open(): void {
    probeAtMs = clock.nowMs() + openMs;
    change('open');
  }

  function change(to: CircuitState): void {
    era += 1;
    ended.clear();
    bad.clear();
    badInARow = 0;
    if (state === to) return;
    state = to;
    onChange(to);
  }
}
