using System.Runtime.Versioning;

[assembly: SupportedOSPlatform("linux")]

// A lab needs the whole machine: its clocks are real, so two at a time would only measure each other.
[assembly: Xunit.v3.Parallelization(Mode = Xunit.Sdk.ParallelMode.None)]
