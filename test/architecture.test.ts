/** The order of the layers and the size of things (DESIGN section 5): read off the files, so that nobody has to remember. */
import { readdirSync, readFileSync } from 'node:fs';
import { basename, dirname, join, normalize } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';

const ROOT = fileURLToPath(new URL('..', import.meta.url));

interface Source {
  readonly path: string;
  readonly text: string;
  /** What it imports: paths from the root for ours, names of packages otherwise. */
  readonly imports: readonly string[];
  /** Those of them of which it takes nothing but types: they are gone when it runs. */
  readonly typesOf: readonly string[];
}

const sources: readonly Source[] = ['machines', 'src'].flatMap((folder) =>
  readdirSync(join(ROOT, folder), { recursive: true, encoding: 'utf8' })
    .filter((name) => /\.tsx?$/.test(name))
    .map((name) => {
      const path = join(folder, name);
      const text = readFileSync(join(ROOT, path), 'utf8');
      return { path, text, ...importsOf(path, text) };
    }),
);

function importsOf(path: string, text: string): Pick<Source, 'imports' | 'typesOf'> {
  const named = [...text.matchAll(/^(?:import|export)\b[^;]*?\bfrom '([^']+)';$/gms)];
  const other = [...text.matchAll(/\bimport\(\s*'([^']+)'|^import '([^']+)';$/gm)];
  const target = (match: RegExpExecArray): string => {
    const specifier = match[1] ?? match[2] ?? '';
    return specifier.startsWith('.') ? normalize(join(dirname(path), specifier)) : specifier;
  };
  const types = named.filter(([statement]) => /^(import|export) type\b/.test(statement));
  const values = [...named, ...other].filter((match) => !types.includes(match)).map(target);
  const typesOf = types.map(target).filter((to) => !values.includes(to));
  return { imports: [...values, ...typesOf], typesOf };
}

/** Comments and texts taken out, so that words in them count for nothing; line breaks stay. */
function codeOf(text: string): string {
  const blank = (part: string): string => part.replace(/[^\n]/g, ' ');
  return text.replace(/\/\*[\s\S]*?\*\/|\/\/[^\n]*|'(?:[^'\\\n]|\\.)*'/g, blank);
}

const layerOf = (path: string): string =>
  path.startsWith('src/') ? dirname(path) : (path.split('/')[0] ?? '');
const isOurs = (specifier: string): boolean => /^(machines|src)\//.test(specifier);

/** Which folders a folder may import from, besides itself. A new folder has to find its place here. */
const MAY_IMPORT: Readonly<Record<string, readonly string[]>> = {
  machines: [],
  'src/store': [],
  'src/protocol': ['machines'],
  'src/inspect': ['machines'],
  // Runs in a browser: what it knows of the gateway, it knows from the wire.
  'src/console': ['machines', 'src/protocol'],
  'src/conform': ['machines', 'src/protocol'],
  'src/authority': ['machines', 'src/store'],
  'src/import': ['machines', 'src/protocol', 'src/authority'],
  'src/notices': ['machines', 'src/store', 'src/authority'],
  'src/gateway': ['machines', 'src/protocol', 'src/store', 'src/authority', 'src/inspect', 'src/notices'],
  'src/metrics': ['machines', 'src/store', 'src/authority', 'src/gateway'],
};
/** What a folder may take types from, besides: the shapes that one side sends and the other reads. */
const MAY_IMPORT_TYPES: Readonly<Record<string, readonly string[]>> = {
  // What the gateway answers is stated where it is made, once; in a browser runs nothing of it.
  'src/console': ['src/gateway/console-views.ts'],
};
/** The ends of the program put everything together. */
const TOPS = ['src', 'src/cli'];

describe('the layers', () => {
  const inner = sources.filter(({ path }) => !TOPS.includes(layerOf(path)));

  it('were found', () => {
    for (const layer of ['machines', 'src/store', 'src/protocol', 'src/authority']) {
      expect(sources.filter(({ path }) => layerOf(path) === layer).length, layer).toBeGreaterThan(2);
    }
    expect(sources.flatMap(({ imports }) => imports).filter(isOurs).length).toBeGreaterThan(50);
  });

  it('depend on each other in one direction', () => {
    const wrong = inner.flatMap(({ path, imports, typesOf }) =>
      imports
        .filter(isOurs)
        .filter((to) => layerOf(to) !== layerOf(path))
        .filter((to) => !MAY_IMPORT[layerOf(path)]?.includes(layerOf(to)))
        .filter((to) => !(typesOf.includes(to) && MAY_IMPORT_TYPES[layerOf(path)]?.includes(to)))
        .map((to) => `${path} imports ${to}`),
    );
    expect(wrong).toEqual([]);
  });

  it('have no edge to the command line', () => {
    const wrong = inner.filter(({ imports }) => imports.some((to) => to.startsWith('src/cli')));
    expect(wrong.map(({ path }) => path)).toEqual([]);
  });

  it('keep the machines to xstate', () => {
    const foreign = sources
      .filter(({ path }) => layerOf(path) === 'machines')
      .flatMap(({ imports }) => imports.filter((to) => !isOurs(to)));
    expect(new Set(foreign)).toEqual(new Set(['xstate']));
  });

  it('let the authority alone write to the store', () => {
    const writers = sources
      .filter(
        ({ path, text }) => !path.startsWith('src/store/') && /\bstore\??\.save(All)?\(/.test(codeOf(text)),
      )
      .map(({ path }) => path);
    expect(writers).toEqual(['src/authority/committer.ts']);
  });

  it('keep the store from learning what a scope is', () => {
    // The contract's documents are examples; they may hold anything.
    const knowing = sources
      .filter(({ path }) => path.startsWith('src/store/') && !path.includes('/contract'))
      .filter(({ text }) => /scope|\bgrant/i.test(codeOf(text)));
    expect(knowing.map(({ path }) => path)).toEqual([]);
  });
});

describe('what a machine does not know', () => {
  const FORBIDDEN = [
    'Date',
    'setTimeout',
    'setInterval',
    'process',
    'crypto',
    'fetch',
    'performance',
    'Promise',
  ];
  const machines = sources.filter(({ path }) => layerOf(path) === 'machines');

  it.each([...FORBIDDEN, 'async', 'await', 'Math.random'])('%s', (name) => {
    const word = new RegExp(`(?<![\\w.])${name.replace('.', '\\.')}\\b`);
    expect(machines.filter(({ text }) => word.test(codeOf(text))).map(({ path }) => path)).toEqual([]);
  });

  it('is looked for in code, and only there', () => {
    expect(machines.length).toBeGreaterThan(8);
    expect(codeOf("a(); // Date\n/* Date */ b('Date');")).not.toContain('Date');
    expect(codeOf('const x = Date.now();')).toContain('Date');
  });
});

/** Where the program meets the clock of the machine that it runs on; everything else is given the time. */
const READS_THE_CLOCK = [
  /^src\/authority\/authority\.ts$/,
  /^src\/cli\//,
  /^src\/gateway\//,
  /^src\/console\//,
  /^src\/inspect\//,
];

describe('time', () => {
  it('is read at the edges only', () => {
    const readers = sources.filter(({ text }) => /\bDate\.now\(|\bnew Date\(\)/.test(codeOf(text)));
    expect(readers.length).toBeGreaterThan(0);
    const inside = readers.filter(({ path }) => !READS_THE_CLOCK.some((edge) => edge.test(path)));
    expect(inside.map(({ path }) => path)).toEqual([]);
  });
});

describe('the size of things', () => {
  it.each(sources.map(({ path }) => path))('%s', (path) => {
    const source = sources.find((one) => one.path === path);
    const text = source?.text ?? '';
    expect(text.split('\n').length - 1).toBeLessThanOrEqual(layerOf(path) === 'machines' ? 250 : 300);
    expect(basename(path)).not.toMatch(/^(utils?|helpers?|types|constants)\b/);
    expect(longFunctions(text)).toEqual([]);
  });

  it('is measured', () => {
    const body = Array.from({ length: 61 }, (_, index) => `  work(${index});`).join('\n');
    expect(longFunctions(`function small() {\n  work();\n}\n`)).toEqual([]);
    expect(longFunctions(`export async function big() {\n${body}\n}\n`)).toEqual(['big: 63 lines']);
    expect(longFunctions(`class A {\n  method(): void {\n${body}\n  }\n}\n`)).toEqual(['method: 63 lines']);
    expect(longFunctions(`const arrow = (): void => {\n${body}\n};\n`)).toEqual(['arrow: 63 lines']);
  });
});

const FUNCTION_STARTS = [
  /^\s*(?:export )?(?:async )?function\*? ([\w$]+)/,
  /^\s*(?:export )?const ([\w$]+)(?:: [^=]+)? = (?:async )?(?:\(.*|[\w$]+) ?=> \{$/,
  /^ {2}(?:static |async |get |set |\*)*(#?[\w$]+)(?:<.*>)?\(.*\{$/,
];

/** Functions of more than 60 lines. The formatter indents, so that a function ends where its indentation comes back. */
function longFunctions(text: string): readonly string[] {
  const lines = text.split('\n');
  return lines.flatMap((line, index) => {
    const name = FUNCTION_STARTS.map((start) => start.exec(line)?.[1]).find((found) => found !== undefined);
    if (name === undefined || /^(if|for|while|switch|catch)$/.test(name)) return [];
    const indent = line.length - line.trimStart().length;
    const end = lines.findIndex(
      (later, at) => at > index && /^\s*\}/.test(later) && indentOf(later) === indent,
    );
    const size = end - index + 1;
    return end >= 0 && size > 60 ? [`${name}: ${size} lines`] : [];
  });
}

const indentOf = (line: string): number => line.length - line.trimStart().length;
