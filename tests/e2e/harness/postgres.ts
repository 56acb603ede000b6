import {execFileSync} from 'node:child_process';
import {chownSync, mkdirSync, readdirSync, readFileSync} from 'node:fs';
import {createServer, type AddressInfo} from 'node:net';
import path from 'node:path';

import {Child} from './child.ts';
import {baseEnvironment} from './paths.ts';
import {until} from './until.ts';

async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => { server.listen(0, '127.0.0.1', resolve); });
  const {port} = server.address() as AddressInfo;
  await new Promise((resolve) => { server.close(resolve); });
  return port;
}

/** A Postgres of this test's own: a Unix socket below `folder`. As root, it runs as `postgres`. */
export class Postgres {
  readonly url: string;
  /** Of 127.0.0.1, when it listens there too. */
  readonly port: number | undefined;
  private readonly launch: () => Child;
  private child!: Child;

  private constructor(url: string, port: number | undefined, launch: () => Child) {
    this.url = url;
    this.port = port;
    this.launch = launch;
  }

  /** Listens on TCP as well when told so. */
  static async start(folder: string, {tcp = false} = {}): Promise<Postgres> {
    const versions = readdirSync('/usr/lib/postgresql').sort((a, b) => Number(b) - Number(a));
    const programs = path.join('/usr/lib/postgresql', versions[0]!, 'bin');
    const home = path.join(folder, 'pg');
    mkdirSync(home, {mode: 0o700});
    let user: {uid?: number; gid?: number} = {};
    if (process.getuid!() === 0) {
      const [, , uid, gid] =
          execFileSync('getent', ['passwd', 'postgres'], {encoding: 'utf8'}).split(':');
      user = {uid: Number(uid), gid: Number(gid)};
      chownSync(home, user.uid!, user.gid!);
    }
    const data = path.join(home, 'data');
    const options = {env: {...baseEnvironment(), LC_ALL: 'C.UTF-8'}, cwd: home, ...user};
    execFileSync(path.join(programs, 'initdb'),
                 ['-D', data, '-U', 'mediarouter', '-A', 'trust', '-E', 'UTF8', '--no-sync'],
                 {...options, stdio: 'ignore'});
    const port = tcp ? await freePort() : undefined;
    const listen = tcp ? ['-c', 'listen_addresses=127.0.0.1', '-p', String(port)]
                       : ['-c', 'listen_addresses='];
    // Unsynced writes outlive any process, so no kill of a test loses one.
    const where = new URLSearchParams({host: home, user: 'mediarouter', port: String(port ?? 5432)});
    const postgres = new Postgres(
        `postgresql:///postgres?${where}`, port,
        () => new Child('postgres', path.join(programs, 'postgres'),
                        ['-D', data, '-k', home, ...listen, '-c', 'fsync=off'], options));
    await postgres.again();
    return postgres;
  }

  /** Starts it, also after a kill: the orphans of a killed postmaster may take their time to go. */
  async again(): Promise<void> {
    await until('Postgres starts', async () => {
      this.child = this.launch();
      await this.child.line(/ready to accept connections/);
      return true;
    }, 60);
  }

  /** SIGTERM is a "smart" shutdown that waits for clients; they are gone by now. */
  async stop(): Promise<void> {
    await this.child.stop();
  }

  /** SIGINT: a "fast" shutdown, clients are cut off. */
  async stopFast(): Promise<void> {
    this.child.signal('SIGINT');
    await this.child.exitCode(30);
  }

  /** kill -9 of the postmaster; its orphans notice and leave. */
  async kill(): Promise<void> {
    await this.child.kill();
  }

  /** SIGSTOP or SIGCONT to the postmaster and all its children. */
  signalAll(signal: 'SIGSTOP' | 'SIGCONT'): void {
    this.child.signal(signal);
    for (const pid of childrenOf(this.child.pid)) {
      try {
        process.kill(pid, signal);
      } catch {
        // It has just ended.
      }
    }
  }
}

function childrenOf(parent: number): number[] {
  return readdirSync('/proc').filter((name) => /^\d+$/.test(name)).map(Number).filter((pid) => {
    try {
      // The name may hold spaces: the fields count from its closing bracket.
      const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
      return Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[1]) === parent;
    } catch {
      return false;
    }
  });
}
