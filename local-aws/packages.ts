/** The packages that only the local AWS needs. They are optional, so that a worker is installed without them. */
import { createRequire } from 'node:module';
import { UserError } from '../src/lib/user-error.ts';

/**
 * Checks that the optional packages are installed. Without the check, the error would be Node's for a missing module, which names
 * one of them and does not say what to do.
 *
 * @throws UserError whose text is one line with the command that installs what is missing
 */
export function requirePackages(): void {
  const missing = Object.entries(optionalPackages()).filter(([name]) => !isInstalled(name));
  if (missing.length === 0) return;
  const wanted = missing.map(([name, range]) => `${name}@${majorOf(range)}`);
  throw new UserError(
    `The local AWS needs packages that a worker does not. Install them: npm install ${wanted.join(' ')}`,
  );
}

/** The optional peer dependencies in package.json, each with its range. */
function optionalPackages(): Readonly<Record<string, string>> {
  const { peerDependencies, peerDependenciesMeta }: Manifest = createRequire(import.meta.url)(
    'aws-health-workflows/package.json',
  );
  const isOptional = (name: string) => peerDependenciesMeta[name]?.optional === true;
  return Object.fromEntries(Object.entries(peerDependencies).filter(([name]) => isOptional(name)));
}

interface Manifest {
  readonly peerDependencies: Readonly<Record<string, string>>;
  readonly peerDependenciesMeta: Readonly<Record<string, { readonly optional?: boolean }>>;
}

function isInstalled(name: string): boolean {
  try {
    import.meta.resolve(name);
    return true;
  } catch {
    return false;
  }
}

/** The major version of `^1.2.7`: a shell might interpret the other characters of a range. */
const majorOf = (range: string) => /\d+/.exec(range)?.[0] ?? 'latest';
