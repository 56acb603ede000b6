import {execFile} from 'node:child_process';
import {mkdirSync} from 'node:fs';
import path from 'node:path';
import {promisify} from 'node:util';

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

/** Where else than on a Postgres of its own, and what runs besides the five. */
export interface SeparateOptions {
  postgres?: Postgres;
  /** Further processes of a service: name and the settings in which they differ. */
  replicas?: {service: Service; name: string; settings?: Record<string, string>}[];
}

/** The five binaries on Unix sockets, with a Postgres beside them. */
export class Separate implements Deployment {
  readonly adminKey = secret('mr_');
  readonly folder = dataFolder();
  private readonly settings: Record<string, string>;
  private readonly options: SeparateOptions;
  private readonly children = new Map<string, Child>();
  private readonly ended: Child[] = [];
  postgres!: Postgres;
  client!: Client;

  private constructor(settings: Record<string, string>, options: SeparateOptions) {
    this.settings = settings;
    this.options = options;
  }

  static async start(
      settings: Record<string, string>, options: SeparateOptions = {}): Promise<Separate> {
    const separate = new Separate(settings, options);
    separate.postgres = options.postgres ?? await Postgres.start(separate.folder);
    mkdirSync(path.join(separate.folder, 'videos'), {recursive: true});
    await promisify(execFile)(binary('mediarouter'), ['migrate'], {env: separate.environment()});
    for (const name of separate.names()) separate.spawn(name);
    await separate.ready();
    return separate;
  }

  /** All that run: the five services by name, and the replicas. */
  names(): string[] {
    return [...SERVICES.map(([service]) => service),
            ...(this.options.replicas ?? []).map(({name}) => name)];
  }

  /** The address of a service or replica. */
  address(name: string): string {
    return `unix:${this.folder}/${name}.sock`;
  }

  private environment(): Record<string, string> {
    const addresses: Record<string, string> = {};
    for (const [service, variable] of SERVICES) {
      if (variable) addresses[variable] = this.address(service);
    }
    return {
      ...baseEnvironment(), ...addresses, METRICS_ADDRESS: '127.0.0.1:0',
      HOST: '127.0.0.1', PORT: '0', DATABASE_URL: this.postgres.url,
      STORAGE_PATH: path.join(this.folder, 'videos'), MEDIAROUTER_ADMIN_KEY: this.adminKey,
      ENCRYPTION_KEY: this.secrets.encryption, SECRET_KEY: this.secrets.signing, ...this.settings,
    };
  }
  readonly secrets = {encryption: secret('enc-'), signing: secret('sig-')};

  spawn(name: string): void {
    const replica = this.options.replicas?.find((each) => each.name === name);
    const env: Record<string, string> = {...this.environment(), GRPC_LISTEN: this.address(name)};
    for (const [variable, value] of Object.entries(replica?.settings ?? {})) {
      // "@name" is the address of that replica.
      env[variable] = value.startsWith('@') ? this.address(value.slice(1)) : value;
    }
    const program = binary(`mediarouter-${replica?.service ?? name}`);
    this.children.set(name, new Child(name, program, [], {env}));
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

  child(name: string): Child {
    return this.children.get(name)!;
  }

  async kill(name: string): Promise<void> {
    const child = this.child(name);
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
  async stop(): Promise<Map<string, number | null>> {
    const codes = new Map<string, number | null>();
    for (const name of this.names().toReversed()) codes.set(name, await this.child(name).stop());
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
