/** Runs one benchmark by its name, with the arguments that follow it, or all of them: `npm run bench -- throttling`. */
import { readdirSync } from 'node:fs';

const benches = readdirSync(import.meta.dirname)
  .filter((file) => file.endsWith('.js') && file !== 'main.js')
  .map((file) => file.slice(0, -'.js'.length));
const [wanted] = process.argv.splice(2, 1);
if (wanted !== undefined && !benches.includes(wanted)) {
  console.error(`There is no benchmark "${wanted}". There are: ${benches.join(', ')}.`);
  process.exitCode = 2;
} else {
  for (const bench of wanted === undefined ? benches : [wanted]) await import(`./${bench}.js`);
}
