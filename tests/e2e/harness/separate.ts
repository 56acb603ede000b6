import {execFileSync} from 'node:child_process';
import {mkdirSync} from 'node:fs';
import path from 'node:path';

import {Child} from './child.ts';
import {Client} from './client.ts';
import {baseEnvironment, binary, dataFolder, removeFolder, secret} from './paths.ts';
import {Postgres} from './postgres.ts';
import type {Deployment} from './standalone.ts';
import {until} from './until.ts';

const SERVICES = [
  ['key-vault', 'KEY_VAULT_ADDRESS'],
  ['media-store', 'MEDIA_STORE_ADDRESS'],
  ['generation-orchestrator', 'GENERATION_ORCHESTRATOR_ADDRESS'],
  ['provider-worker', 'PROVIDER_WORKER_ADDRESS'],
  ['gateway', ''],
] as const;
export type Service = (typeof SERVICES)[number][0];

/** The five binaries on Unix sockets, with a Postgres beside them. */
export class Separate implements Deployment {
  readonly adminKey = secret('mr_');
  private readonly folder = dataFolder();
  private readonly settings: Record<string, string>;
  private readonly children = new Map<Service, Child>();
  private readonly ended: Child[] = [];
  private postgres!: Postgres;
  client!: Client;

  private constructor(settings: Record<string, string>) {
    this.settings = settings;
  }

  static async start(settings: Record<string, string>): Promise<Separate> {
    const separate = new Separate(settings);
    separate.postgres = await Postgres.start(separate.folder);
    mkdirSync(path.join(separate.folder, 'videos'), {recursive: true});
    execFileSync(binary('mediarouter'), ['migrate'], {env: separate.environment(), stdio: 'pipe'});
    for (const [service] of SERVICES) separate.spawn(service);
    await separate.ready();
    return separate;
  }

  private environment(): Record<string, string> {
    const socket = (service: string) => `unix:${this.folder}/${service}.sock`;
    const addresses: Record<string, string> = {};
    for (const [service, variable] of SERVICES) if (variable) addresses[variable] = socket(service);
    return {
      ...baseEnvironment(), ...addresses, METRICS_ADDRESS: '127.0.0.1:0',
      HOST: '127.0.0.1', PORT: '0', DATABASE_URL: this.postgres.url,
      STORAGE_PATH: path.join(this.folder, 'videos'), MEDIAROUTER_ADMIN_KEY: this.adminKey,
      ENCRYPTION_KEY: this.secrets.encryption, SECRET_KEY: this.secrets.signing, ...this.settings,
    };
  }
  readonly secrets = {encryption: secret('enc-'), signing: secret('sig-')};

  spawn(service: Service): void {
    const env = {...this.environment(), GRPC_LISTEN: `unix:${this.folder}/${service}.sock`};
    this.children.set(service, new Child(service, binary(`mediarouter-${service}`), [], {env}));
  }

  /** The gateway's port is in its log; ready means that it reaches the four others. */
  async ready(): Promise<void> {
    const gateway = this.child('gateway');
    const port = await gateway.line(/the gateway listens.*"port": ?"?(\d+)/);
    const url = `http://127.0.0.1:${port}`;
    this.client = new Client(url, this.adminKey);
    await until('readiness', async () => {
      for (const child of this.children.values()) {
        if (child.ended) throw new Error(`${child.name} ended:\n${child.everything}`);
      }
      return (await fetch(new URL('/readyz', url))).ok;
    });
  }

  child(service: Service): Child {
    return this.children.get(service)!;
  }

  async kill(service: Service): Promise<void> {
    const child = this.child(service);
    await child.kill();
    this.ended.push(child);
  }

  output(): string {
    return [...this.ended, ...this.children.values()].map((child) => child.everything).join('\n');
  }

  async metrics(): Promise<string> {
    const pages = [...this.children.values()].map(async (child) => {
      const port = await child.line(/metrics are served.*"port": ?"?(\d+)/);
      return (await fetch(`http://127.0.0.1:${port}/metrics`)).text();
    });
    return (await Promise.all(pages)).join('\n');
  }

  /** Front to back, as an operator would; gives the exit codes. */
  async stop(): Promise<Map<Service, number | null>> {
    const codes = new Map<Service, number | null>();
    for (const [service] of SERVICES.toReversed()) {
      codes.set(service, await this.child(service).stop());
    }
    return codes;
  }

  async close(): Promise<void> {
    try {
      await this.stop();
      await this.postgres.stop();
    } finally {
      removeFolder(this.folder);
    }
  }
}
