// Lint: types' honesty, the import rule (imports point down only) and the purity of pure code.
// test/lint-fixture holds files that must fail these rules; test/lint.mjs checks that they do.
import nx from '@nx/eslint-plugin';
import svelte from 'eslint-plugin-svelte';
import ts from 'typescript-eslint';

const PURE = ['libs/{kernel,contracts,plan,detection,exceptions}/src/**/*.ts', 'streams/*/src/**/topology.ts'];

/** Wall clock, randomness, timers and the machine: an argument of pure code, never something it reaches for. */
const impure = ['Date', 'process', 'console', 'setTimeout', 'setInterval', 'setImmediate', 'performance', 'fetch', 'crypto'];

export default [
  { ignores: ['dist/**', 'test/scratch*', '**/node_modules/**', '**/.svelte-kit/**', '.nx/**', '.plumbline/**', 'coverage/**', 'test/lint-fixture/**'] },
  ...ts.configs.recommended.map((config) => ({ ...config, files: ['**/*.ts'] })),
  {
    files: ['**/*.ts'],
    plugins: { '@nx': nx },
    rules: {
      '@typescript-eslint/no-explicit-any': 'error',
      '@typescript-eslint/no-non-null-assertion': 'off',
      '@typescript-eslint/no-unused-vars': ['error', { argsIgnorePattern: '^_' }],
      'no-console': 'error',
      eqeqeq: 'error',
    },
  },
  ...svelte.configs.recommended,
  {
    files: ['**/*.svelte', '**/*.svelte.ts'],
    languageOptions: { parserOptions: { parser: ts.parser } },
    plugins: { '@typescript-eslint': ts.plugin },
    rules: {
      '@typescript-eslint/no-explicit-any': 'error',
      '@typescript-eslint/no-unused-vars': ['error', { argsIgnorePattern: '^_' }],
      eqeqeq: 'error',
      'no-console': 'error',
      // Live state is replaced as a whole, once a frame: one comparison instead of a signal per entry.
      'svelte/prefer-svelte-reactivity': 'off',
      // The tower has one address space and no base path.
      'svelte/no-navigation-without-resolve': 'off',
    },
  },
  // The browser gets types of the contracts, not their schemas.
  {
    files: ['apps/dashboard/src/**/*.{ts,svelte}', 'libs/charts/src/**/*.{ts,svelte}'],
    ignores: ['**/*.test.ts'],
    rules: {
      '@typescript-eslint/no-restricted-imports': [
        'error',
        { paths: [{ name: '@plumbline/contracts', allowTypeImports: true, message: 'Import types only: the schemas would triple the page’s script.' }] },
      ],
    },
  },
  // Programs that a person runs print to the console.
  { files: ['test/perf/bench.ts', 'test/eval/main.ts', 'test/**/*.mjs'], rules: { 'no-console': 'off' } },
  {
    files: ['{apps,libs,streams}/**/src/**/*.{ts,svelte}'],
    plugins: { '@nx': nx },
    rules: {
      '@nx/enforce-module-boundaries': [
        'error',
        {
          enforceBuildableLibDependency: false,
          // The dashboard names its own folders: #live/…
          allowCircularSelfDependency: true,
          allow: [],
          checkDynamicDependenciesExceptions: ['.*'],
          depConstraints: [
            { sourceTag: 'layer:kernel', onlyDependOnLibsWithTags: ['layer:kernel'] },
            { sourceTag: 'layer:pure', onlyDependOnLibsWithTags: ['layer:kernel', 'layer:pure'] },
            { sourceTag: 'layer:ports', onlyDependOnLibsWithTags: ['layer:kernel'] },
            { sourceTag: 'layer:adapters', onlyDependOnLibsWithTags: ['layer:kernel', 'layer:ports', 'layer:testkit'] },
            { sourceTag: 'layer:runtime', onlyDependOnLibsWithTags: ['layer:kernel', 'layer:ports'] },
            {
              sourceTag: 'layer:testkit',
              onlyDependOnLibsWithTags: ['layer:kernel', 'layer:pure', 'layer:ports', 'layer:runtime', 'layer:testkit'],
            },
            {
              sourceTag: 'layer:stream',
              onlyDependOnLibsWithTags: ['layer:kernel', 'layer:pure', 'layer:ports', 'layer:runtime', 'layer:adapters', 'layer:platform', 'layer:testkit'],
            },
            {
              sourceTag: 'layer:platform',
              onlyDependOnLibsWithTags: ['layer:kernel', 'layer:ports', 'layer:adapters', 'layer:runtime'],
            },
            { sourceTag: 'layer:charts', onlyDependOnLibsWithTags: ['layer:kernel', 'layer:charts'] },
            { sourceTag: 'layer:dashboard', onlyDependOnLibsWithTags: ['layer:kernel', 'layer:charts'] },
            { sourceTag: 'layer:app', onlyDependOnLibsWithTags: ['*'] },
          ],
        },
      ],
    },
  },
  {
    files: ['{libs/adapters,libs/runtime,libs/ports}/**/src/**/*.ts', 'streams/*/src/**/*.ts', 'libs/{plan,detection,exceptions,kernel,contracts}/src/**/*.ts'],
    ignores: ['**/*.test.ts', '**/main.ts'],
    rules: {
      'no-restricted-imports': [
        'error',
        {
          patterns: [
            { group: ['@plumbline/testkit', '@plumbline/platform', '@plumbline/eventlog-*', '@plumbline/store-postgres'], message: 'Adapters meet ports only in main.ts and in apps.' },
          ],
        },
      ],
    },
  },
  {
    files: [...PURE],
    ignores: ['**/*.test.ts'],
    rules: {
      'no-restricted-globals': ['error', ...impure.map((name) => ({ name, message: 'Pure code takes it as an argument.' }))],
      'no-restricted-properties': ['error', { object: 'Math', property: 'random', message: 'Pure code takes a seeded Random.' }],
      'no-restricted-imports': [
        'error',
        {
          patterns: [
            { group: ['node:*', 'fs', 'path', 'os', 'crypto', 'worker_threads'], message: 'Pure code has no I/O.' },
            { group: ['@plumbline/testkit', '@plumbline/runtime', '@plumbline/platform', '@plumbline/eventlog-*', '@plumbline/store-postgres'], message: 'Imports point down only.' },
          ],
        },
      ],
    },
  },
];
