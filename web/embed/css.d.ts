// A stylesheet that is imported comes as its text (web/build.ts).
declare module '*.css' {
  const text: string
  export default text
}
