// Whether as many coins would fall so unevenly by chance. Of turns that stand by themselves this is McNemar's exact test.

/** Two-sided probability that of `better + worse` fair coins the rarer side shows no more often; 1 where there are none. */
export function signTest(better: number, worse: number): number {
  const n = better + worse
  let log = -n * Math.LN2 // of C(n, 0) / 2^n
  let p = 0
  for (let i = 0; i <= Math.min(better, worse); i++) {
    p += Math.exp(log)
    log += Math.log(n - i) - Math.log(i + 1)
  }
  return Math.min(1, 2 * p)
}
