import {execFileSync} from 'node:child_process';
import {chownSync, mkdirSync, readdirSync} from 'node:fs';
import path from 'node:path';

import {Child} from './child.ts';
import {baseEnvironment} from './paths.ts';

/** A Postgres of this test's own: a Unix socket below `folder`, no TCP. As root, as `postgres`. */
export class Postgres {
  readonly url: string;
  private readonly child: Child;

  private constructor(url: string, child: Child) {
    this.url = url;
    this.child = child;
  }

  static async start(folder: string): Promise<Postgres> {
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
    const child = new Child('postgres', path.join(programs, 'postgres'),
                            ['-D', data, '-k', home, '-c', 'listen_addresses=', '-c', 'fsync=off'],
                            options);
    await child.line(/ready to accept connections/);
    const where = new URLSearchParams({host: home, user: 'mediarouter'});
    return new Postgres(`postgresql:///postgres?${where}`, child);
  }

  /** SIGTERM is a "smart" shutdown that waits for clients; they are gone by now. */
  async stop(): Promise<void> {
    await this.child.stop();
  }
}
