import {Child} from './child.ts';
import {Client} from './client.ts';
import {baseEnvironment, binary, dataFolder, removeFolder, secret} from './paths.ts';
import {until} from './until.ts';

/** What tests need to know of a running MediaRouter, in either form. */
export interface Deployment {
  readonly client: Client;
  readonly adminKey: string;
  /** Everything that its processes ever printed, over restarts too. */
  output(): string;
  metrics(): Promise<string>;
  close(): Promise<void>;
}

/** `mediarouter serve` with a data folder of its own, which outlives restarts. */
export class Standalone implements Deployment {
  readonly adminKey = secret('mr_');
  private readonly data = dataFolder();
  private readonly settings: Record<string, string>;
  private readonly children: Child[] = [];
  client!: Client;

  private constructor(settings: Record<string, string>) {
    this.settings = settings;
  }

  static async start(settings: Record<string, string>): Promise<Standalone> {
    const standalone = new Standalone(settings);
    await standalone.start();
    return standalone;
  }

  /** The newest that serves. */
  process!: Child;

  /** Where its Postgres can be reached with psql's arguments, while it serves. */
  get database(): string {
    return `host=${this.data}/data/postgres.socket user=mediarouter dbname=mediarouter`;
  }

  /** Another process with the very same data folder, and settings unless some are given too. */
  again(more: Record<string, string> = {}): Child {
    const child = new Child('mediarouter', binary('mediarouter'), ['serve'], {
      env: {
        ...baseEnvironment(), HOST: '127.0.0.1', PORT: '0', METRICS_ADDRESS: '127.0.0.1:0',
        DATA_DIR: `${this.data}/data`, MEDIAROUTER_ADMIN_KEY: this.adminKey, ...this.settings,
        ...more,
      },
    });
    this.children.push(child);
    return child;
  }

  async start(more: Record<string, string> = {}): Promise<void> {
    this.process = this.again(more);
    const url = await this.process.line(/^MediaRouter listening on (http:\S+)/);
    this.client = new Client(url, this.adminKey);
    await until('readiness', async () => (await fetch(new URL('/readyz', url))).ok);
  }

  output(): string {
    return this.children.map((child) => child.everything).join('\n');
  }

  async metrics(): Promise<string> {
    const port = await this.process.line(/metrics are served.*"port": ?"?(\d+)/);
    return (await fetch(`http://127.0.0.1:${port}/metrics`)).text();
  }

  async close(): Promise<void> {
    try {
      await this.process.stop();
    } finally {
      removeFolder(this.data);
    }
  }
}
