using System.Runtime.Versioning;
using System.Text;
using TwoNodeHa.Ctl;
using TwoNodeHa.Ctl.Output;

[assembly: SupportedOSPlatform("linux")]

// Written through one buffer and flushed once: a status is one write, also over a slow line.
using var output = new StreamWriter(Console.OpenStandardOutput(), new UTF8Encoding(false), 16 * 1024) { NewLine = "\n" };
using var error = new StreamWriter(Console.OpenStandardError(), new UTF8Encoding(false)) { NewLine = "\n" };
return CtlApp.Run(args, new CtlContext(output, error) { Screen = Screen.OfStandardOutput(), Who = Caller.Describe(), In = Console.In });
