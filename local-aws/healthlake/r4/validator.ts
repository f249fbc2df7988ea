import { Ajv, type ErrorObject, type ValidateFunction } from 'ajv';
import { recordOf } from '../../../src/lib/guards.ts';
import { elementRules, type Check, type ElementRules } from './element-rules.ts';
import { primitives } from './primitives.ts';
import { codes, resourceTypes, schemaOf } from './schema.ts';

export type Resource = Readonly<Record<string, unknown>> & { readonly resourceType: string };

/**
 * The number of objects with errors after which the others of a resource are not validated: `ajv` copies all errors found so
 * far for each such object, which took more than 90 s for 80,000 of them.
 */
const MOST_WRONG_OBJECTS = 1000;

/**
 * Validates resources by FHIR R4: elements, cardinality, data types and the codes of required bindings. It ignores profiles,
 * the targets of references, and the constraints that R4 states in FHIRPath.
 *
 * Each type is compiled when it first occurs in a resource; compiling all types takes 5 seconds.
 */
export class R4Validator {
  readonly #ajv: Ajv;
  readonly #compiled = new Map<string, ValidateFunction>();
  #wrongObjects = 0;

  /** @param allErrors - reports every error of a resource, not only the first */
  constructor({ allErrors }: { readonly allErrors: boolean }) {
    this.#ajv = new Ajv({ allErrors, validateSchema: false, strictTypes: false });
    for (const [name, { allows }] of Object.entries(primitives))
      if (allows) this.#ajv.addFormat(name, allows);
    this.#addKeywords();
  }

  /**
   * The errors of a resource whose type is one of R4's.
   *
   * @throws RangeError if the nesting exhausts the stack
   */
  errorsOf(resource: Resource): readonly ErrorObject[] {
    this.#wrongObjects = 0;
    const validate = this.#of(resource.resourceType);
    return validate(resource) ? [] : (validate.errors ?? []);
  }

  #of(type: string): ValidateFunction {
    const compiled = this.#compiled.get(type) ?? this.#ajv.compile(schemaOf(type));
    this.#compiled.set(type, compiled);
    return compiled;
  }

  #addKeywords(): void {
    this.#ajv.addKeyword({
      keyword: 'fhirElements',
      type: 'object',
      errors: true,
      compile: (rules: ElementRules) => elementRules(rules),
    });
    this.#ajv.addKeyword({
      keyword: 'fhirType',
      type: 'object',
      errors: 'full',
      compile: (type: string) => this.#typeRule(type),
    });
    this.#ajv.addKeyword({
      keyword: 'fhirCodes',
      type: ['string', 'object'],
      errors: true,
      compile: (valueSet: string) => codeRule(valueSet),
    });
  }

  /** Validates an element by its type. The type of a nested resource, such as in `contained`, is its `resourceType`. */
  #typeRule(type: string): Check {
    const check: Check = (data: Readonly<Record<string, unknown>>, context) => {
      if (this.#wrongObjects >= MOST_WRONG_OBJECTS) return true;
      const actual = type === 'Resource' ? data['resourceType'] : type;
      const isKnown = typeof actual === 'string' && (actual === type || resourceTypes.has(actual));
      const validate = isKnown ? this.#of(actual) : undefined;
      if (validate?.(data, context)) return true;
      this.#wrongObjects++;
      check.errors = validate ? (validate.errors ?? []) : [{ keyword: 'fhirType', params: {} }];
      return false;
    };
    return check;
  }
}

/** A required binding: the value set has to contain the code, or one of the codes of a CodeableConcept. */
function codeRule(valueSet: string): Check {
  const allowed = new Set(codes[valueSet]);
  const check: Check = (data: string | Readonly<Record<string, unknown>>) => {
    const isAllowed =
      typeof data === 'string' ? allowed.has(data) : codesOf(data).some((code) => allowed.has(code));
    if (!isAllowed) check.errors = [{ keyword: 'fhirCodes', params: { valueSet } }];
    return isAllowed;
  };
  return check;
}

const codesOf = ({ coding }: Readonly<Record<string, unknown>>) =>
  (Array.isArray(coding) ? coding : []).map((each) => String(recordOf(each)['code']));
