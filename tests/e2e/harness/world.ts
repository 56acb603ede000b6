import assert from 'node:assert/strict';
import {after, before} from 'node:test';

import type {Client} from './client.ts';
import {secret} from './paths.ts';
import {Separate} from './separate.ts';
import {Simulator} from './simulator.ts';
import {type Deployment, Standalone} from './standalone.ts';

/** Times that let a test see in seconds what takes minutes in service. */
export const QUICK = {SUBMIT_TIMEOUT_SECONDS: '4', LEASE_SECONDS: '6', LOOKUP_SECONDS: '2', POLL_INTERVAL_SECONDS: '1'};

export interface World<D extends Deployment> {
  /** For a test file's own `before`: node:test starts all such hooks at once. */
  readonly started: Promise<void>;
  readonly sim: Simulator;
  readonly deployment: D;
  readonly client: Client;
  /** The provider key that was added, in plaintext. */
  readonly providerKey: string;
  /** A prompt that no other test uses, and that the logs are searched for. */
  prompt(text: string): string;
}

function world<D extends Deployment>(
    start: (settings: Record<string, string>) => Promise<D>, settings: Record<string, string>,
    ): World<D> {
  const secrets: string[] = [];
  let sim: Simulator;
  let deployment: D;
  const providerKey = secret('sk-');
  let prompts = 0;
  const {promise: started, resolve, reject} = Promise.withResolvers<void>();
  started.catch(() => undefined);

  const launch = async () => {
    sim = await Simulator.start();
    deployment = await start({...QUICK, OPENAI_BASE_URL: sim.base, ...settings});
    await deployment.client.ok('POST', '/v1/keys', {json: {provider: 'openai', api_key: providerKey}});
  };
  before(async () => {
    launch().then(resolve, reject);
    await started;
  });

  after(async () => {
    try {
      await deployment?.close();
    } finally {
      await sim?.stop();
    }
    // Whatever a test file did: nothing secret may be in what the processes printed meanwhile.
    const output = deployment.output();
    for (const text of [providerKey, deployment.adminKey, ...secrets]) {
      assert.ok(!output.includes(text), `the logs hold ${text}`);
    }
    assert.doesNotMatch(output, /[?&]signature=[\w-]{8}/, 'the logs hold a signature');
    assert.doesNotMatch(output, /Sanitizer|runtime error:/, 'a sanitizer spoke up');
  });

  return {
    started,
    get sim() { return sim; },
    get deployment() { return deployment; },
    get client() { return deployment.client; },
    providerKey,
    prompt(text: string): string {
      const prompt = `${text} (${secret('p')}${++prompts})`;
      secrets.push(prompt);
      return prompt;
    },
  };
}

/** A standalone and a simulator for the tests of the calling file. */
export function standaloneWorld(settings: Record<string, string> = {}): World<Standalone> {
  return world(Standalone.start, settings);
}

/** The same from separate processes. */
export function separateWorld(settings: Record<string, string> = {}): World<Separate> {
  return world(Separate.start, settings);
}
