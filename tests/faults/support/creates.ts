import {setTimeout as pause} from 'node:timers/promises';

import type {Answer, Client} from '../../e2e/harness/client.ts';

function wasRefused(error: unknown): boolean {
  return ((error as Error).cause as NodeJS.ErrnoException | undefined)?.code === 'ECONNREFUSED';
}

let streams = 0;

/** A stream of creates, each with a prompt of its own, and what became known of each. */
export class Creates {
  /** Answered with 200: prompt and id. */
  readonly accepted = new Map<string, string>();
  /** Sent, but without a clear answer: these may exist or not. */
  readonly unknown = new Set<string>();
  /** Answers other than 200. */
  readonly errors: Answer<unknown>[] = [];
  /** Of the slowest answer. */
  longestSeconds = 0;
  /** What every prompt of this stream begins with. */
  readonly prefix = `stream ${++streams}: `;
  private readonly client: () => Client;
  private readonly lanes: Promise<void>[] = [];
  private readonly pauseMs: number;
  private stopped = false;
  private count = 0;

  /** `client` gives the gateway of the moment; `pauseMs` lies between the creates of each lane. */
  constructor(client: () => Client, lanes = 4, pauseMs = 400) {
    this.client = client;
    this.pauseMs = pauseMs;
    for (let lane = 0; lane < lanes; ++lane) this.lanes.push(this.lane());
  }

  private async lane(): Promise<void> {
    while (!this.stopped) {
      await pause(this.pauseMs);
      await this.create(`${this.prefix}${++this.count}`);
    }
  }

  private async create(prompt: string): Promise<void> {
    const begin = performance.now();
    try {
      const answer = await this.client().call<{id: string}>(
          'POST', '/v1/video/generations', {json: {model: 'sora-2', prompt}});
      if (answer.status === 200) {
        this.accepted.set(prompt, answer.body.id);
      } else {
        this.errors.push(answer);
        this.unknown.add(prompt);
      }
    } catch (error) {
      if (!wasRefused(error)) this.unknown.add(prompt);
    }
    this.longestSeconds = Math.max(this.longestSeconds, (performance.now() - begin) / 1000);
  }

  async stop(): Promise<void> {
    this.stopped = true;
    await Promise.all(this.lanes);
  }
}
