import { startTarget, type Target } from '../conformance/target.ts';
import { type Fleet, type FleetOptions, startFleet } from '../support/fleet.ts';
import { Person } from '../support/person.ts';

/** A fleet as the server under test, reached through its front proxy. */
export interface FleetTarget extends Target {
  readonly fleet: Fleet;
  signIn(): Promise<Person>;
}

/** Starts one. One more instance runs in this process, through which users and apps are made; nothing else is asked of it. */
export async function startFleetTarget(options: FleetOptions = {}): Promise<FleetTarget> {
  const fleet = await startFleet(options);
  const target = await startTarget({ home: fleet.home, env: { COATCHECK_ISSUER: fleet.url } });
  return {
    ...target,
    fleet,
    baseUrl: fleet.url,
    newBrowser: () => new Person(fleet),
    async signIn() {
      const person = new Person(fleet);
      for (const [name, value] of (await target.signIn()).cookies) person.cookies.set(name, value);
      return person;
    },
    async close() {
      await target.close();
      await fleet.close();
    },
  };
}
