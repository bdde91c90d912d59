using System.Runtime.Versioning;
using TwoNodeHa.Ctl;
using TwoNodeHa.Daemon.Host;

[assembly: SupportedOSPlatform("linux")]

// Only its own name makes a daemon of it: called by any other, it is the tool, which does nothing unasked.
return Path.GetFileName(Environment.GetCommandLineArgs()[0]) == "twonodehad" ? await DaemonProgram.RunAsync(args) : CtlProgram.Run(args);
