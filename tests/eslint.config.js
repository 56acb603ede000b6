import js from '@eslint/js';
import tseslint from 'typescript-eslint';

export default tseslint.config(
  {ignores: ['node_modules/']},
  js.configs.recommended,
  ...tseslint.configs.recommended,
  {
    files: ['**/*.ts'],
    languageOptions: {parserOptions: {projectService: true, tsconfigRootDir: import.meta.dirname}},
    rules: {
      // A forgotten await makes a test pass that checked nothing.
      '@typescript-eslint/no-floating-promises':
        ['error', {allowForKnownSafeCalls: [{from: 'package', name: ['test', 'it', 'describe'], package: 'node:test'}]}],
      '@typescript-eslint/no-misused-promises': 'error',
      '@typescript-eslint/await-thenable': 'error',
      'no-restricted-globals': ['error', {name: 'setTimeout', message: 'Poll with until() instead of sleeping.'}],
    },
  },
);
