import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, test } from 'node:test';

import { parseDockerignore } from './build-context.ts';
import { parseDockerfile } from './parse-dockerfile.ts';

describe('reading a Dockerfile', () => {
  test('understands stages, continued lines, comments between them and quoted values', () => {
    const text = `
      # first
      FROM base AS build
      RUN one \\
       # between
       && two
      FROM scratch
      COPY --from=build /a b /c/
      LABEL x.y="two words" \\
            z=1
      EXPOSE 80 81`;
    assert.deepEqual(parseDockerfile(text), [
      { base: 'base', name: 'build', steps: [{ keyword: 'RUN', command: 'one && two' }] },
      {
        base: 'scratch',
        name: undefined,
        steps: [
          { keyword: 'COPY', from: 'build', sources: ['/a', 'b'], target: '/c/' },
          { keyword: 'LABEL', pairs: { 'x.y': 'two words', z: '1' } },
          { keyword: 'EXPOSE', ports: [80, 81] },
        ],
      },
    ]);
  });

  for (const line of [
    'ADD a b',
    'HEALTHCHECK CMD true',
    'SHELL ["/bin/bash"]',
    'run lower case',
    'RUN --mount=type=cache,target=/x true',
    'RUN <<EOF',
    'COPY --chmod=755 a b',
    'COPY *.json ./',
    'COPY alone',
    'ENV A=$B',
    'ENV A B',
    'WORKDIR relative',
    'ENTRYPOINT node main.ts',
    'FROM --platform=linux/amd64 base',
  ]) {
    test(`refuses what nobody would perform: ${line}`, () => {
      assert.throws(() => parseDockerfile(`FROM base\n${line}\n`), { message: `not understood: ${line}` });
    });
  }
});

describe('.dockerignore', () => {
  const isIgnored = parseDockerignore(readFileSync(join(import.meta.dirname, '../../.dockerignore'), 'utf8'));

  test('lets in what the image is made of', () => {
    for (const path of [
      'package.json',
      'package-lock.json',
      'src/main.ts',
      'scripts/assemble-image-root.sh',
    ]) {
      assert.equal(isIgnored(path), false, path);
    }
  });

  test('keeps secrets, history, state and tests out', () => {
    for (const path of [
      '.env',
      '.npmrc',
      '.git/config',
      'state/store.db',
      'test/run.ts',
      'scripts/x.ts',
      'srcs',
    ]) {
      assert.equal(isIgnored(path), true, path);
    }
  });

  test('is read so that the last pattern that matches decides', () => {
    const ignored = parseDockerignore('# why\n*\n!a\na/b\n!a/b/c.ts\n');
    const answers = ['x', 'a/x', 'a/b/x', 'a/b/c.ts', 'a/bc'].map((path) => ignored(path));
    assert.deepEqual(answers, [true, false, true, false, false]);
  });
});

describe('the Dockerfile', () => {
  const stages = parseDockerfile(readFileSync(join(import.meta.dirname, '../../Dockerfile'), 'utf8'));

  test('pins its one base by digest, says so on the image, and has the Node that the tests run with', () => {
    const bases = new Set(stages.map(({ base }) => base).filter((base) => base !== 'scratch'));
    assert.equal(bases.size, 1, [...bases].join());
    const [, name, digest] = /^(.+)@(sha256:[0-9a-f]{64})$/.exec([...bases][0]!) ?? [];
    const labels = stages.at(-1)!.steps.flatMap((step) => (step.keyword === 'LABEL' ? [step.pairs] : []));
    assert.equal(labels[0]!['org.opencontainers.image.base.name'], name);
    assert.equal(labels[0]!['org.opencontainers.image.base.digest'], digest);
    const manifest = readFileSync(join(import.meta.dirname, '../../package.json'), 'utf8');
    const { version, devDependencies } = JSON.parse(manifest) as {
      version: string;
      devDependencies: { node: string };
    };
    assert.equal(name, `node:${devDependencies.node}-bookworm-slim`);
    assert.equal(labels[0]!['org.opencontainers.image.version'], version);
  });

  test('lets no package run a script while it is installed', () => {
    const commands = stages.flatMap(({ steps }) =>
      steps.flatMap((step) => (step.keyword === 'RUN' ? step.command.split('&&') : [])),
    );
    const installing = commands.filter((command) => /\bnpm (ci|install|prune)\b/.test(command));
    assert.ok(installing.length > 0);
    for (const command of installing) assert.match(command, / --ignore-scripts /);
  });
});
