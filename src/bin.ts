#!/usr/bin/env node
// Imports nothing before the version is known to do: the database driver crashes the process on an older Node.
const [major = 0, minor = 0] = process.versions.node.split('.').map(Number);
if (major < 24 || (major === 24 && minor < 9)) {
  console.error(
    `Coatcheck needs Node 24.9 or newer; this is ${process.versions.node}. In a checkout, \`npm start\` and \`npm run coatcheck\` bring their own.`,
  );
  process.exit(1);
}
// For each file of drizzle-orm, Node parses that package's package.json anew, all 180 kB of it: half of every start. Its
// files name each other by path and are modules one and all, so that there is nothing to look up.
const { registerHooks } = await import('node:module');
registerHooks({
  resolve(specifier, context, resolveNext) {
    const { parentURL } = context;
    return specifier.startsWith('.') && parentURL?.includes('/node_modules/drizzle-orm/')
      ? { url: new URL(specifier, parentURL).href, format: 'module', shortCircuit: true }
      : resolveNext(specifier, context);
  },
});

const { runCommandLine } = await import('./cli/program.ts');
process.exitCode = await runCommandLine(process.argv.slice(2), process, {
  serve: async (env) => (await import('./main.ts')).serve(env),
});

export {};
