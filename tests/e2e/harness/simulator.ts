import {Child} from './child.ts';
import {baseEnvironment, binary} from './paths.ts';

export interface Fault {
  kind: string;
  op?: string;
  prompt_contains?: string;
  [parameter: string]: unknown;
}

export interface Stats {
  paid: number;
  creates: number;
  polls: number;
  lists: number;
  downloads: number;
  jobs: Record<string, number>;
  /** Paid jobs of each prompt. */
  by_prompt: Record<string, number>;
}

/** tools/provider-sim: a provider that counts each job that it was paid for. */
export class Simulator {
  readonly url: string;
  private readonly child: Child;

  private constructor(url: string, child: Child) {
    this.url = url;
    this.child = child;
  }

  static async start(): Promise<Simulator> {
    const child = new Child('provider-sim', binary('provider-sim'), 
                            ['--port', '0', '--render-seconds', '0.3', '--exit-with-parent'],
                            {env: baseEnvironment()});
    return new Simulator(await child.line(/(http:\/\/127\.0\.0\.1:\d+)/), child);
  }

  /** Where the OpenAI protocol is. */
  get base(): string {
    return `${this.url}/v1`;
  }

  private async control(method: string, path: string, body?: unknown): Promise<unknown> {
    const response = await fetch(this.url + path, {
      method, body: body === undefined ? undefined : JSON.stringify(body),
      headers: {'content-type': 'application/json'},
    });
    const text = await response.text();
    if (!response.ok) throw new Error(`${method} ${path}: ${response.status} ${text}`);
    return text ? JSON.parse(text) : undefined;
  }

  /** How many jobs it accepted, all or those with this very prompt. */
  async paid(prompt?: string): Promise<number> {
    const stats = await this.stats();
    return prompt === undefined ? stats.paid : stats.by_prompt[prompt] ?? 0;
  }

  async stats(): Promise<Stats> {
    return await this.control('GET', '/__sim/stats') as Stats;
  }

  /** Changes what holds for every job: render_seconds, latency_ms, shared_clip. */
  async defaults(changes: Record<string, unknown>): Promise<void> {
    await this.control('POST', '/__sim/defaults', changes);
  }

  /** Misbehaves as README.md of tools/provider-sim lists. */
  async fault({op, prompt_contains, ...fault}: Fault): Promise<void> {
    await this.control('POST', '/__sim/faults', {...fault, match: {op, prompt_contains}});
  }

  async clearFaults(): Promise<void> {
    await this.control('DELETE', '/__sim/faults');
  }

  /** Forgets jobs, faults and counters, but keeps the defaults given here. */
  async reset(defaults: Record<string, unknown> = {}): Promise<void> {
    await this.control('POST', '/__sim/reset');
    await this.defaults(defaults);
  }

  async stop(): Promise<void> {
    await this.child.stop();
  }
}
