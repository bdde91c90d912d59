using System.Text;
using TwoNodeHa.Ctl.Output;

namespace TwoNodeHa.Ctl;

/// <summary><c>ha-ctl</c> as a process: streams, terminal and caller of this one.</summary>
internal static class CtlProgram
{
    /// <summary>Runs one command line, and returns its exit code.</summary>
    public static int Run(string[] args)
    {
        // Written through one buffer and flushed once: a status is one write, also over a slow line.
        using var output = new StreamWriter(Console.OpenStandardOutput(), new UTF8Encoding(false), 16 * 1024) { NewLine = "\n" };
        using var error = new StreamWriter(Console.OpenStandardError(), new UTF8Encoding(false)) { NewLine = "\n" };
        return CtlApp.Run(args, new CtlContext(output, error) { Screen = Screen.OfStandardOutput(), Who = Caller.Describe(), In = Console.In });
    }
}
