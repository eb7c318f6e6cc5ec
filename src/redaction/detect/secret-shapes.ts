/** A provider's keys: a pattern that begins with two characters as they are, and has a bounded length. */
export interface SecretShape {
  readonly pattern: string;
  /** The prefix alone says too little: a digit has to be among it. */
  readonly needsMixture?: boolean;
}

const over = '(?![\\w-])';

export const secretShapes: readonly SecretShape[] = [
  // OpenAI, Anthropic and those who took it over
  { pattern: 'sk-[\\w-]{20,240}', needsMixture: true },
  // Stripe
  { pattern: 'sk_(?:live|test)_[A-Za-z0-9]{16,250}' },
  { pattern: 'rk_(?:live|test)_[A-Za-z0-9]{16,250}' },
  { pattern: 'whsec_[A-Za-z0-9+/=]{24,80}' },
  // GitHub
  { pattern: `gh[pousr]_[A-Za-z0-9]{36,251}${over}` },
  { pattern: 'github_pat_[A-Za-z0-9]{22}_[A-Za-z0-9]{59}' },
  // GitLab
  { pattern: 'glpat-[\\w-]{20,60}' },
  // Slack
  { pattern: 'xox[abeoprs]-[A-Za-z0-9-]{10,250}', needsMixture: true },
  { pattern: 'xapp-\\d-[A-Za-z0-9-]{10,250}' },
  // Amazon Web Services
  { pattern: `AKIA[A-Z2-7]{16}${over}` },
  { pattern: `ASIA[A-Z2-7]{16}${over}` },
  // Google
  { pattern: `AIza[\\w-]{35}${over}` },
  { pattern: 'ya29\\.[\\w-]{20,300}' },
  { pattern: `GOCSPX-[\\w-]{28}${over}` },
  // SendGrid, Twilio, Mailgun
  { pattern: `SG\\.[\\w-]{22}\\.[\\w-]{43}${over}` },
  { pattern: `SK[0-9a-f]{32}${over}` },
  { pattern: `key-[0-9a-f]{32}${over}` },
  // Registries
  { pattern: `npm_[A-Za-z0-9]{36}${over}` },
  { pattern: 'pypi-[\\w-]{50,250}' },
  // Models
  { pattern: `hf_[A-Za-z0-9]{30,40}${over}` },
  { pattern: `gsk_[A-Za-z0-9]{40,60}${over}` },
  { pattern: `xai-[A-Za-z0-9]{60,90}${over}` },
  { pattern: `r8_[A-Za-z0-9]{37}${over}` },
  { pattern: `pplx-[A-Za-z0-9]{40,60}${over}` },
  // Clouds and platforms
  { pattern: `do[opr]_v1_[0-9a-f]{64}${over}` },
  { pattern: `dapi[0-9a-f]{32}${over}` },
  { pattern: `shp(?:at|ss|ca|pa)_[0-9a-fA-F]{32}${over}` },
  { pattern: 'hvs\\.[\\w-]{24,250}' },
  { pattern: `NRAK-[A-Z0-9]{27}${over}` },
  { pattern: `PMAK-[0-9a-f]{24}-[0-9a-f]{34}${over}` },
  { pattern: `lin_api_[A-Za-z0-9]{40}${over}` },
  { pattern: `ntn_[A-Za-z0-9]{40,50}${over}` },
  { pattern: 'figd_[\\w-]{40,60}' },
  { pattern: 'AGE-SECRET-KEY-1[A-Z0-9]{58}' },
];
