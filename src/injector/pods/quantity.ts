const factors: Readonly<Record<string, number>> = {
  '': 1,
  m: 1e-3,
  k: 1e3,
  M: 1e6,
  G: 1e9,
  T: 1e12,
  P: 1e15,
  E: 1e18,
  Ki: 2 ** 10,
  Mi: 2 ** 20,
  Gi: 2 ** 30,
  Ti: 2 ** 40,
  Pi: 2 ** 50,
  Ei: 2 ** 60,
};

/** `100m` of a CPU, `256Mi` of memory, as a number; undefined if it is no quantity of Kubernetes above zero. */
export function parseQuantity(text: string): number | undefined {
  const [, digits, unit = ''] = /^(\d{1,15}(?:\.\d{1,9})?)(m|k|[MGTPE]|[KMGTPE]i)?$/.exec(text) ?? [];
  const quantity = Number(digits) * (factors[unit] ?? Number.NaN);
  return quantity > 0 ? quantity : undefined;
}
