import assert from 'node:assert/strict';

import {until} from './until.ts';

export interface Generation {
  id: string;
  object: string;
  created: number;
  model: string;
  provider: string;
  status: 'queued' | 'processing' | 'completed' | 'failed' | 'cancelled';
  prompt: string;
  video: {url: string; duration: number; width: number; height: number} | null;
  usage: {cost: number; time_seconds: number} | null;
  error: string | null;
  error_code: string | null;
  progress: number;
  parameters: Record<string, unknown>;
  completed_at: string | null;
}

export interface Answer<T> {
  status: number;
  headers: Headers;
  body: T;
  text: string;
}

export interface Call {
  json?: unknown;
  body?: string | Uint8Array;
  headers?: Record<string, string>;
  /** null: send none. */
  key?: string | null;
}

/** A person with an access key and curl. */
export class Client {
  readonly base: string;
  readonly key: string;

  constructor(base: string, key: string) {
    this.base = base;
    this.key = key;
  }

  async call<T = unknown>(method: string, target: string, call: Call = {}): Promise<Answer<T>> {
    const headers: Record<string, string> = {};
    const key = call.key === undefined ? this.key : call.key;
    if (key !== null) headers.authorization = `Bearer ${key}`;
    if (call.json !== undefined) headers['content-type'] = 'application/json';
    const body = call.json !== undefined ? JSON.stringify(call.json) : call.body;
    const response = await fetch(new URL(target, this.base), {
      method, body: body as BodyInit | undefined, headers: {...headers, ...call.headers},
      redirect: 'manual', signal: AbortSignal.timeout(60_000),
    });
    const text = await response.text();
    let parsed: unknown;
    try {
      parsed = JSON.parse(text);
    } catch {
      parsed = undefined;
    }
    return {status: response.status, headers: response.headers, body: parsed as T, text};
  }

  async ok<T>(method: string, target: string, call: Call = {}): Promise<T> {
    const answer = await this.call<T>(method, target, call);
    assert.equal(answer.status, 200, `${method} ${target}: ${answer.status} ${answer.text}`);
    return answer.body;
  }

  create(request: Record<string, unknown>): Promise<Generation> {
    return this.ok<Generation>('POST', '/v1/video/generations', {json: request});
  }

  get(id: string): Promise<Generation> {
    return this.ok<Generation>('GET', `/v1/video/generations/${id}`);
  }

  /** Polls until the generation has ended. */
  ended(id: string, seconds = 60): Promise<Generation> {
    return until(`${id} ends`, async () => {
      const generation = await this.get(id);
      return /^(completed|failed|cancelled)$/.test(generation.status) && generation;
    }, seconds) as Promise<Generation>;
  }

  async completed(id: string, seconds = 60): Promise<Generation> {
    const generation = await this.ended(id, seconds);
    assert.equal(generation.status, 'completed', JSON.stringify(generation));
    return generation;
  }

  /** Bytes of an absolute link or of a path on this gateway. */
  fetch(link: string, headers: Record<string, string> = {}, method = 'GET'): Promise<Response> {
    return fetch(new URL(link, this.base),
                 {method, headers, redirect: 'manual', signal: AbortSignal.timeout(60_000)});
  }

  async bytes(link: string): Promise<Buffer> {
    const response = await this.fetch(link);
    assert.equal(response.status, 200);
    return Buffer.from(await response.arrayBuffer());
  }
}

export interface ErrorBody {
  error: {message: string; type: string; param: string | null; code: string | null};
}

/** Asserts that an answer is an error in OpenAI's shape, and gives its inside. */
export function errorOf(answer: Answer<unknown>, status: number): ErrorBody['error'] {
  assert.equal(answer.status, status, answer.text);
  assert.match(answer.headers.get('content-type') ?? '', /^application\/json/);
  assert.ok(answer.headers.get('x-request-id'), 'x-request-id');
  const {error} = answer.body as ErrorBody;
  assert.ok(error, answer.text);
  assert.deepEqual(Object.keys(error).sort(), ['code', 'message', 'param', 'type']);
  assert.equal(typeof error.message, 'string');
  assert.notEqual(error.message, '');
  assert.equal(typeof error.type, 'string');
  return error;
}
