/**
 * The products c ← c + a·b, row-major, that bench/gemm_bench.ts and bench/threads_bench.ts measure: squares, and those of
 * which a training step of a network consists, with c/mlp.c's layouts, where samples are columns.
 */
import { Dtype } from "../src/bindings.ts";
import { native } from "../src/ffi.ts";
import type { Step } from "./_steps.ts";
import type { Operands } from "./peers/blas.ts";

export type Real = "float32" | "float64";

export interface Product {
  name: string;
  m: number;
  n: number;
  k: number;
  aTransposed?: boolean;
  bTransposed?: boolean;
}

export function square(n: number): Product {
  return { name: `${n}×${n}·${n}×${n}`, m: n, n, k: n };
}

/** The three products of a layer: z = w·x, dx = wᵀ·dz, dw = dz·xᵀ; the first layer has no dx. */
function productsOfLayer(nin: number, nout: number, batch: number, isFirst: boolean): Product[] {
  const layer = `${nin} to ${nout}, batch ${batch}`;
  return [
    { name: `${layer}, outputs`, m: nout, n: batch, k: nin },
    ...isFirst ? [] : [{ name: `${layer}, input gradient`, m: nin, n: batch, k: nout, aTransposed: true }],
    { name: `${layer}, weight gradient`, m: nout, n: nin, k: batch, bTransposed: true },
  ];
}

/** Those of all layers of some networks, each once. */
export function productsOf(steps: readonly Step[]): Product[] {
  const products = steps.flatMap(({ sizes, batch }) =>
    sizes.slice(1).flatMap((nout, i) => productsOfLayer(sizes[i], nout, batch, i === 0))
  );
  return [...new Map(products.map((product) => [product.name, product])).values()];
}

/** Numbers from −0.5 to 0.5, and c = 0. */
export function operandsOf({ m, n, k, aTransposed = false, bTransposed = false }: Product, real: Real): Operands {
  const numbers = (count: number) => {
    const array = real === "float32" ? new Float32Array(count) : new Float64Array(count);
    for (let i = 0; i < count; i++) array[i] = (i * 7919 % 1009) / 1008 - 0.5;
    return array;
  };
  const [aRow, bRow] = [aTransposed ? m : k, bTransposed ? k : n];
  return {
    m,
    n,
    k,
    a: numbers(m * k),
    aTransposed,
    aRow,
    b: numbers(k * n),
    bTransposed,
    bRow,
    c: numbers(m * n).fill(0),
  };
}

/** The product as `gradus_gemm` takes it, ready to be called. */
export function gradusTask({ m, n, k, a, aTransposed, aRow, b, bTransposed, bRow, c }: Operands): () => void {
  const stridesOf = (row: number, isTransposed: boolean) => isTransposed ? [1, row] : [row, 1];
  const sizes = Int32Array.of(m, n, k);
  const strides = Int32Array.of(...stridesOf(aRow, aTransposed), ...stridesOf(bRow, bTransposed), n);
  const dtype = c instanceof Float32Array ? Dtype.float32 : Dtype.float64;
  return () => void native.gradus_gemm(c, a, b, sizes, strides, dtype);
}

/** Multiplications and additions, 10⁹ a second, of a product that takes so many microseconds. */
export function gigaflops({ m, n, k }: Product, microseconds: number): number {
  return 2 * m * n * k / microseconds / 1000;
}
