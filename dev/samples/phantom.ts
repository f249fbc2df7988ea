/** A synthetic head phantom: ellipsoids in a cube, in slices like those of a scanner. */

/** Half axes, and the centre from the middle of the head, in half edges of the cube. Where ellipsoids overlap, the later one is visible. */
interface Ellipsoid {
  readonly halfAxes: Point;
  readonly centre: Point;
  /** Hounsfield units: water 0, bone about 1000. */
  readonly density: number;
}

/** Left to right, front to back, foot to head: from -1 to 1. */
type Point = readonly [x: number, y: number, z: number];

const air = -1000;

const head: readonly Ellipsoid[] = [
  { halfAxes: [0.72, 0.92, 0.88], centre: [0, 0, 0], density: 50 }, // scalp
  { halfAxes: [0.68, 0.88, 0.84], centre: [0, 0, 0], density: 1000 }, // skull
  { halfAxes: [0.61, 0.81, 0.77], centre: [0, 0, 0], density: 35 }, // brain
  { halfAxes: [0.02, 0.76, 0.7], centre: [0, 0, 0.05], density: 20 }, // the longitudinal fissure
  { halfAxes: [0.1, 0.3, 0.2], centre: [-0.14, 0.02, 0.1], density: 5 }, // ventricles
  { halfAxes: [0.1, 0.3, 0.2], centre: [0.14, 0.02, 0.1], density: 5 },
  { halfAxes: [0.16, 0.14, 0.14], centre: [0.32, 0.38, 0.15], density: 90 }, // the finding
  { halfAxes: [0.18, 0.14, 0.14], centre: [-0.28, -0.72, -0.3], density: 10 }, // eyes
  { halfAxes: [0.18, 0.14, 0.14], centre: [0.28, -0.72, -0.3], density: 10 },
];

/**
 * Where the middle of the head is. In the middle of the cube, slices at the same distance to both sides would look alike, and no
 * test would notice if a viewer or a server confused them.
 */
const position: Point = [0.08, 0.06, -0.1];

export type Plane = 'axial' | 'coronal' | 'sagittal';

/** The position of a pixel of a slice in space. `depth` is from -1 to 1 along the plane's axis. */
const inSpace: Record<Plane, (across: number, down: number, depth: number) => Point> = {
  axial: (across, down, depth) => [across, down, depth],
  coronal: (across, down, depth) => [across, depth, -down],
  sagittal: (across, down, depth) => [depth, across, -down],
};

/** The direction cosines of a slice's rows and columns (Image Orientation (Patient)). */
export const orientation: Record<Plane, readonly number[]> = {
  axial: [1, 0, 0, 0, 1, 0],
  coronal: [1, 0, 0, 0, 0, -1],
  sagittal: [0, 1, 0, 0, 0, -1],
};

/** The centre of the nth of `size` pixels. */
const middle = (index: number, size: number): number => (2 * (index + 0.5)) / size - 1;

/** The position of the first pixel of a slice (Image Position (Patient)). */
export const origin = (plane: Plane, depth: number, size: number): Point =>
  inSpace[plane](middle(0, size), middle(0, size), depth);

/** The densities of one slice, row by row. */
export function slice(plane: Plane, depth: number, size: number): number[] {
  return Array.from({ length: size * size }, (_, pixel) =>
    densityAt(inSpace[plane](middle(pixel % size, size), middle(Math.floor(pixel / size), size), depth)),
  );
}

function densityAt([x, y, z]: Point): number {
  const inHead: Point = [x - position[0], y - position[1], z - position[2]];
  return head.findLast((ellipsoid) => contains(ellipsoid, inHead))?.density ?? air;
}

function contains({ halfAxes, centre }: Ellipsoid, [x, y, z]: Point): boolean {
  const [a, b, c] = halfAxes;
  return ((x - centre[0]) / a) ** 2 + ((y - centre[1]) / b) ** 2 + ((z - centre[2]) / c) ** 2 <= 1;
}
