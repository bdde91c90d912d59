using System.Runtime.Versioning;
using TwoNodeHa.Ctl;

[assembly: SupportedOSPlatform("linux")]

return CtlProgram.Run(args);
