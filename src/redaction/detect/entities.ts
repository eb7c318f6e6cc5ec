/** What can be found without being configured, each with the words that make it likelier when they are near. */
export interface Entity {
  /** Findings below it are none, unless the settings say otherwise. */
  readonly threshold: number;
  /** Alternatives of a pattern over lower-case text, of whole words; a space stands in no class. */
  readonly hints: string;
  /** The same in scripts that write words without spaces, or join others to them. */
  readonly unspaced?: string;
}

const idHint = 'national (?:id|identity)|identity (?:card|number|no)|id card|ausweis|cédula|documento';

/**
 * All detectors' entities. The hints are English first, then whatever the entity's own countries write; those of
 * numbers that pass for others (nine digits with one check digit) decide.
 */
export const entities = {
  EMAIL: { threshold: 0.5, hints: 'e-?mail|mail' },
  PHONE: {
    threshold: 0.5,
    hints:
      'tel|tél|tels?|phones?|telephones?|mobile|mobil|cell|call|called|calling|dial|ring|text|sms|fax|whatsapp|contact|reach|hotline|telefon\\p{L}*|handy\\p{L}*|rückruf|anruf|anrufen|rufen?|erreichbar|erreichen|téléphon\\p{L}*|portable|appel\\p{L}*|joindre|teléfonos?|móvil|celular|llam\\p{L}*|cellulare|chiam\\p{L}*|telem[oó]vel|lig(?:ue|ar)|telefoon\\p{L}*|mobiel\\p{L}*|bel(?:len)?',
    unspaced: 'फ़?ोन|फोन|फ़ोन|मोबाइल|दूरभाष|電話|携帯|电话|手机|هاتف|جوال|الهاتف|موبايل|رقم الهاتف',
  },
  CREDIT_CARD: {
    threshold: 0.5,
    hints:
      'cards?|credit|debit|visa|mastercard|master card|amex|american express|discover|maestro|diners|jcb|unionpay|pan|cc|payment|kreditkarten?\\p{L}*|karten?\\p{L}*|carte|bancaire|tarjeta|carta|cart[aã]o|creditcard|betaalpas',
    unspaced: 'कार्ड|カード|信用卡|卡号|بطاقة|البطاقة',
  },
  US_SSN: { threshold: 0.5, hints: 'ssn|ssns|social security|social|soc sec|social-security|tin' },
  US_ITIN: { threshold: 0.5, hints: 'itin|individual taxpayer|taxpayer|tax id|tin' },
  IBAN: { threshold: 0.5, hints: 'iban|account|konto|bank\\p{L}*|compte|cuenta|conto|conta|rekening' },
  IP_ADDRESS: {
    threshold: 0.5,
    hints:
      'ip|ipv4|ipv6|address|host|server|client|login|logged in|from|adresse?|dirección|indirizzo|endereço|adres',
  },
  MAC_ADDRESS: { threshold: 0.5, hints: 'mac|hardware|device|bssid|ethernet|wlan' },
  URL_CREDENTIALS: { threshold: 0.5, hints: 'url' },
  PASSPORT: {
    threshold: 0.5,
    hints:
      'passports?|passport (?:no|number)|reisepass\\p{L}*|pass-?nr|passeport|pasaporte|passaporto|passaporte|paspoort\\p{L}*',
    unspaced: 'पासपोर्ट|パスポート|旅券|护照|جواز|الجواز',
  },
  UK_NINO: { threshold: 0.5, hints: 'nino|ni number|ni no|national insurance|insurance number|nat ins' },
  UK_NHS: { threshold: 0.5, hints: 'nhs|patient|health service' },
  CA_SIN: { threshold: 0.5, hints: 'sin|social insurance|assurance sociale|nas' },
  DE_TAX_ID: {
    threshold: 0.5,
    hints:
      'steuer-?id\\p{L}*|steuerliche\\p{L}*|identifikationsnummer|steueridentifikationsnummer|idnr|id-? ?nr|steuernummer|steuer-?nr|tax id|tax identification|tin',
  },
  ES_NIF: { threshold: 0.5, hints: `dni|nif|nie|nif/nie|${idHint}` },
  IT_CODICE_FISCALE: { threshold: 0.5, hints: 'codice fiscale|c\\.? ?f|cod\\.? ?fisc|fiscal code|tax code' },
  FR_NIR: {
    threshold: 0.5,
    hints:
      'nir|sécurité sociale|securite sociale|sécu|numéro de sécu\\p{L}*|insee|n° ss|vitale|social security',
  },
  NL_BSN: {
    threshold: 0.5,
    hints: 'bsn|burgerservicenummer|burger service nummer|sofi\\p{L}*|citizen service',
  },
  IN_AADHAAR: { threshold: 0.5, hints: 'aadhaar|aadhar|adhaar|uidai|uid', unspaced: 'आधार' },
  IN_PAN: { threshold: 0.5, hints: 'pan|permanent account|income tax', unspaced: 'पैन' },
  BR_CPF: { threshold: 0.5, hints: 'cpf|cadastro de pessoas|contribuinte' },
  AU_TFN: { threshold: 0.5, hints: 'tfn|tax file|tax file number' },
  SG_NRIC: { threshold: 0.5, hints: 'nric|fin|nric/fin|identity card|ic (?:no|number)' },
  DATE_OF_BIRTH: {
    threshold: 0.5,
    hints:
      'born|birth|birthday|birthdate|date of birth|dob|d\\.o\\.b|b-day|geboren|geburtsdatum|geburtstag|geb|née?|naissance|nacid[oa]|nacimiento|nat[oa]|nascit[oa]|nascid[oa]|nascimento|geboortedatum|geboortedag',
    unspaced: 'जन्म|जन्मतिथि|生年月日|誕生日|生まれ|出生|生日|ميلاد|الميلاد|مواليد',
  },
  CRYPTO_WALLET: {
    threshold: 0.5,
    hints: 'wallet|bitcoin|btc|ethereum|eth|crypto|solana|sol|address|tron|litecoin|dogecoin',
  },
  SECRET: {
    threshold: 0.5,
    hints:
      'key|api(?: |_|-)?key|apikey|token|secret|password|passwd|pwd|bearer|authorization|credentials?|passwort|mot de passe|contraseña',
  },
} as const satisfies Record<string, Entity>;

export type EntityName = keyof typeof entities;
