import assert from 'node:assert/strict';
import { describe, it } from 'node:test';

import { createFinder } from './found-in.ts';

/** Texts with the one thing that is to be found between « and », and texts in which there is nothing of the kind. */
const tables: Readonly<Record<string, { finds: readonly string[]; leaves: readonly string[] }>> = {
  EMAIL: {
    finds: [
      'write to «bob.smith+news@mail.example.co.uk».',
      '<«a@b.io»>',
      "«o'brien@example.com» answered",
      '?email=«bob%40example.com»&x=1',
      'mailto:«BOB@EXAMPLE.COM»',
      '«ana@correo.com.py» answered',
      '«ion@firma.md»',
      '«jürgen@müller.example.de»',
      String.raw`Here: {"mail": "«a\u0040b.io»"}`,
      String.raw`{"a":"x\n«bob@example.com»\n"}, that is`,
      String.raw`say {\"a\":\"{\\\"b\\\":\\\"«\\u0062ob\\u0040example.com»\\\"}\"}`,
      '我的邮箱是«wang@example.com.cn»',
      `«${'a'.repeat(64)}@example.com»`,
    ],
    leaves: [
      'user@localhost',
      'logo@2x.png',
      "import x from '@scope/package@1.2.3'",
      'git@github.com:acme/tool.git',
      '@user mentioned @team.',
      'a@b.c',
      'x@.com',
      'x@-a.com',
      '@'.repeat(50),
    ],
  },
  PHONE: {
    finds: [
      'call «(415) 555-2671» now',
      '«415-555-2671»',
      '«1-415-555-2671» is ours',
      'tel «4155552671»',
      'on «+49 (0)30 1234567».',
      '«+442079460123»',
      'Telefon: «030 1234567»',
      'Tél. : «06 12 34 56 78»',
      'móvil «612 345 678»',
      'मोबाइल «98765 43210»',
      '携帯: «090-1234-5678»',
      'رقم الهاتف «050 123 4567»',
      '"phoneNumber": "«4155552671»"',
      'phone «415\n555\n2671»',
      'mobile «0049 151 23456789»',
      '«415-555-2671»x123',
    ],
    leaves: [
      'order 4155552671',
      '4155552671',
      '415-555-2671-9',
      '1-415-555-26711',
      'part 415-555-26',
      '+1 23',
      '+999 1234 5678',
      '3.415.555.2671',
      'timestamp 1732800000',
      'id 030 1234567',
    ],
  },
  CREDIT_CARD: {
    finds: [
      '«4111 1111 1111 1111» exp 12/27',
      '«4111-1111-1111-1111»',
      '«4111111111111111»',
      '«3782 822463 10005»',
      '«5555.5555.5555.4444»',
      'card «4111/1111/1111/1111»',
      'card «4111\n1111\n1111\n1111»',
      'card «41 11 11 11 11 11 11 11»',
      'card number «4222222222222»',
      '«6011 1111 1111 1117»',
      '«3530 1113 3330 0000»',
    ],
    leaves: [
      '4111 1111 1111 1112',
      'order 4111111111111111',
      '4111111111111111111111',
      '0.4111111111111111',
      '4222222222222',
      '1234 5678 9012 3456',
      'x4111111111111111',
      '4111-1111-1111-1111-1',
    ],
  },
  US_SSN: {
    finds: [
      '«123-45-6788»',
      'SSN: «123456788»',
      'my social security number is «123 45 6788»',
      '"ssn":"«123-45-6788»"',
    ],
    leaves: [
      '000-12-3456',
      '666-12-3456',
      '123-00-4567',
      '123-45-0000',
      '123456788',
      'order 123456788',
      '1123-45-67889',
      '078-05-1120',
    ],
  },
  US_ITIN: {
    finds: ['«912-70-1234»', 'ITIN «912701234»'],
    leaves: ['912-49-1234', '912-89-1234', '912701234'],
  },
  IBAN: {
    finds: [
      '«DE89 3704 0044 0532 0130 00»',
      '«GB29NWBK60161331926819».',
      'iban «de89370400440532013000»',
      '«FR14 2004 1010 0505 0001 3M02 606»',
      '«NO93 8601 1117 947»',
    ],
    leaves: [
      'DE89 3704 0044 0532 0130 01',
      'DE89 3704',
      'XX89370400440532013000',
      'DE893704004405320130000',
      'thread_roxCyO7w9OuHlI3EjdHLing1',
    ],
  },
  IP_ADDRESS: {
    finds: [
      'from «203.0.113.7»',
      'http://«10.1.2.30»:8080/',
      '«2001:db8::1f:7»',
      '«fe80::1ff:fe23:4567:890a»',
      '«192.168.0.12»/24',
      '[«2001:db8:85a3:8d3:1319:8a2e:370:7348»]:443',
    ],
    leaves: [
      'version 1.2.3.4',
      'v1.2.3.4',
      '256.1.1.1',
      '1.2.3',
      '1.2.3.4.5',
      '127.0.0.1',
      '255.255.255.0',
      '0.0.0.0',
      'Chrome/120.0.6099.109',
      'std::vector',
      '10:30:45',
      '::',
    ],
  },
  MAC_ADDRESS: {
    finds: ['«00:1B:44:11:3A:B7»', '«00-1b-44-11-3a-b7».', '«a4:5e:60:f2:19:cd»', '«001b.4411.3ab7»'],
    leaves: ['00:1B:44:11:3A', '00:1B:44:11:3A:B7:99', '00-1b-44-11-3a-b7-00'],
  },
  URL_CREDENTIALS: {
    finds: [
      'https://«user:secret»@example.com/x',
      'postgres://«app:p@ss»@db:5432/app',
      'redis://«:hunter22»@cache',
    ],
    leaves: ['https://example.com/@user:x', 'http://user@example.com', 'https://example.com:8080/a@b'],
  },
  PASSPORT: {
    finds: ['passport number «C01234567»', 'Reisepass «C01X00T47»', '护照号码：«E12345678»'],
    leaves: ['C01234567', 'order C01234567'],
  },
  UK_NINO: {
    finds: ['«AB123456C»', '«AB 12 34 56 C»', 'NI number «ab123456c»'],
    leaves: ['BG123456C', 'AB123456E', 'QQ123456C', 'part AB123456C', 'XAB123456C', 'ab123456c'],
  },
  UK_NHS: {
    finds: ['NHS number «943 476 5919»', 'patient «9434765919»'],
    leaves: ['NHS number 943 476 5918', '9434765919'],
  },
  CA_SIN: {
    finds: ['SIN «130 692 544»', 'social insurance number «130692544»'],
    leaves: ['130 692 544', 'SIN 130 692 545', 'SIN 046 454 286'],
  },
  DE_TAX_ID: {
    finds: ['Steuer-ID «86095742719»', '«86 095 742 719»', 'IdNr. «86 095 742 719»'],
    leaves: ['Steuer-ID 86095742718', '86095742719', 'Steuer-ID 01234567890'],
  },
  ES_NIF: {
    finds: ['«12345678Z»', 'DNI «12.345.678-Z»', '«X1234567L»', 'NIE «X-1234567-L»', '«12345678-Z»'],
    leaves: ['12345678A', 'X1234567A', 'pedido 12345678Z', 'abc-12345678Z'],
  },
  IT_CODICE_FISCALE: {
    finds: ['«RSSMRA85T10A562S»', '«rssmra85t10a562s»', '«RSS MRA 85T10 A562S»'],
    leaves: ['RSSMRA85T10A562T', 'RSSMRA85T10A562SX'],
  },
  FR_NIR: {
    finds: ['«255081416802538»', '«2 55 08 14 168 025 38»', '«1 85 05 2A 006 084 35»'],
    leaves: ['255081416802539', '2 55 08 14 168 025 39'],
  },
  NL_BSN: {
    finds: ['BSN «111222333»', 'burgerservicenummer: «1112.22.333»'],
    leaves: ['111222333', 'BSN 111222334'],
  },
  IN_AADHAAR: {
    finds: ['Aadhaar «2341 2341 2346»', '«2341 2341 2346»', 'आधार «234123412346»'],
    leaves: ['2341 2341 2347', '234123412346', '1234 1234 1234'],
  },
  IN_PAN: {
    finds: ['«ABCPE1234F»', 'PAN: «ABCPE1234F»'],
    leaves: ['ABCDE1234F', 'ABCPE12345', 'abcpe1234f'],
  },
  BR_CPF: {
    finds: ['«111.444.777-35»', 'CPF «11144477735»'],
    leaves: ['111.444.777-36', '111.111.111-11', '11144477735'],
  },
  AU_TFN: {
    finds: ['TFN «123 456 782»', 'tax file number «123456782»'],
    leaves: ['123 456 782', 'TFN 123 456 783'],
  },
  SG_NRIC: {
    finds: ['«S1234567D»', '«F1234567N»', 'NRIC «s1234567d»'],
    leaves: ['S1234567A', 'A1234567D', 's1234567d'],
  },
  DATE_OF_BIRTH: {
    finds: [
      'born «03/12/1985»',
      'DOB: «1985-12-03»',
      'geboren am «3. Dezember 1985»',
      'née le «3 mars 1985»',
      'born on «March 3rd, 1985»',
      '生年月日：«1985年12月3日»',
      '"dateOfBirth": "«1985-12-03»"',
    ],
    leaves: ['on 03/12/1985', 'born 13/13/1985', 'version 1985.12.03', 'DOB 1785-12-03'],
  },
  CRYPTO_WALLET: {
    finds: [
      '«1BvBMSEYstWetqTFn5Au4m4GFg7xJaNVN2»',
      '«bc1qar0srrr7xfkvy5l643lydnw9re59gtzzwf5mdq»',
      '«0x52908400098527886E0F7730838DB4178d5cf2d3».',
    ],
    leaves: [
      '1BvBMSEYstWetqTFn5Au4m4GFg7xJaNVN3',
      'bc1qar0srrr7xfkvy5l643lydnw9re59gtzzwf5mdp',
      '0x52908400098527886E0F7730838DB4178d5cf2d',
      `0x${'ab'.repeat(32)}`,
    ],
  },
  SECRET: {
    finds: [
      'key «sk-proj-abcdefgh1234567890abcdefgh»',
      '«AKIAIOSFODNNZEXAMPLE»',
      `«ghp_${'a1B2'.repeat(9)}»`,
      '«xoxb-123456789012-abcdefABCDEF»',
      'Bearer «eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxMjM0NTY3ODkwIn0.dozjgNryP4J3jVmNHl0w5N»',
      `«-----BEGIN RSA PRIVATE KEY-----\n${'MIIEow+/'.repeat(16)}\n-----END RSA PRIVATE KEY-----»`,
      `"«-----BEGIN PRIVATE KEY-----\\n${'MIIEow+/'.repeat(8)}\\n-----END PRIVATE KEY-----»\\n"`,
      `«-----BEGIN EC PRIVATE KEY-----\n${'MIIEow+/'.repeat(16)}»`,
      'Server=db;User Id=sa;Password=«hunter22»;',
      'jdbc:mysql://db/app?user=sa&password=«hunter22»',
      '"api_key": "«0f9e8d7c6b5a43210fedcba9»"',
    ],
    leaves: [
      'sk-learn is a library',
      'AKIA',
      'the line -----BEGIN PRIVATE KEY----- is what keys begin with, as everybody knows who has ever seen one of them',
      '-----BEGIN CERTIFICATE-----\nMIIEowMIIEow\n-----END CERTIFICATE-----',
      'password = os.environ["DB_PASSWORD"]',
      'password=getPassword();',
      'eyJhbGciOiJIUzI1NiJ9 alone',
      'resp_68a1b2c3d4e5f60718293a4b5c6d7e8f90a1b2c3d4e5f607',
    ],
  },
};

const find = createFinder();

for (const [entity, { finds, leaves }] of Object.entries(tables)) {
  describe(entity, () => {
    for (const marked of finds) {
      it(`is found in ${JSON.stringify(marked)}`, () => {
        const wanted = /«([^]*)»/.exec(marked)![1]!;
        assert.deepEqual(find(marked.replace('«', '').replace('»', '')), [`${entity} ${wanted}`]);
      });
    }
    for (const text of leaves) {
      it(`is not found in ${JSON.stringify(text)}`, () => {
        assert.deepEqual(
          find(text).filter((found) => found.startsWith(`${entity} `)),
          [],
        );
      });
    }
  });
}

describe('what is nobody’s', () => {
  for (const text of [
    '<EMAIL_1> [EMAIL] [EMAIL:1a2b3c4d5e6f] [CREDIT_CARD:123456789012] <PHONE_12>',
    `![chart](data:image/png;base64,${'iVBORw0KGgo4111111111111111AAAANSUhEUg'.repeat(20)})`,
    'commit 8c289c9d0e1f2a3b4c5d6e7f8091a2b3c4d5e6f7',
    'id 123e4567-e89b-12d3-a456-426614174000',
    'at 2026-11-28T15:45:02.123Z and 2026-11-28 15:45:02',
    '{"created": 1732800000, "updatedMs": 1732800000123, "ns": 1732800000123456789}',
    'file-abc123DEF456ghi789 call_9aZ8bY7cX6dW5eV4 resp_0123456789abcdef',
    'revenue rose from 1,234,567 to $1,415,555.26',
    'lat 52.520008, lon 113.404954',
  ]) {
    it(`is left alone: ${JSON.stringify(text.slice(0, 80))}`, () => {
      assert.deepEqual(find(text), []);
    });
  }
});
