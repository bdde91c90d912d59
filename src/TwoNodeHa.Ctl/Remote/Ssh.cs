using System.Net;

namespace TwoNodeHa.Ctl.Remote;

/// <summary>
/// A command on another host, by ssh as root. A password is asked for by ssh itself where there is a terminal; a host that
/// does not answer costs five seconds.
/// </summary>
internal static class Ssh
{
    /// <summary>Long enough to type a password.</summary>
    public static readonly TimeSpan Limit = TimeSpan.FromMinutes(2);

    /// <param name="context">The run.</param>
    /// <param name="target">What ssh is given: <c>root@192.0.2.12</c>, or a name of its configuration.</param>
    /// <param name="command">A command line for the remote shell, without secrets.</param>
    /// <param name="input">Its standard input.</param>
    /// <param name="limit">Bound of all together.</param>
    public static ProgramResult Run(CtlContext context, string target, string command, string input, TimeSpan limit)
    {
        List<string> arguments =
        [
            "-o", "ConnectTimeout=5", "-o", "ServerAliveInterval=5", "-o", "ServerAliveCountMax=2",
            "-o", "BatchMode=" + (context.Screen.IsTerminal ? "no" : "yes"), "--", target, command,
        ];
        return context.Programs.Run("ssh", arguments, input, limit);
    }

    /// <summary>Root of a host, as ssh wants it.</summary>
    public static string Root(IPAddress address) => "root@" + address;
}
