import type { Meaning } from './colours.ts';

type Names = Readonly<Record<number, readonly [string, Meaning]>>;

export const circuitNames: Names = { 0: ['closed', 'good'], 1: ['half open', 'held'], 2: ['open', 'bad'] };
export const upNames: Names = { 0: ['out of reach', 'bad'], 1: ['up', 'good'] };
export const refusedNames: Names = { 0: ['as in its file', 'good'], 1: ['change refused', 'bad'] };
