namespace TwoNodeHa.Sim.Lab;

/// <summary>Finds the scripts and the programs of this source tree.</summary>
internal static class Repository
{
    /// <summary>Directory of the solution, above the running program.</summary>
    public static string Root { get; } = FindRoot();

    /// <summary>Debug or Release: the configuration this program was built in.</summary>
    private static string Configuration { get; } =
        AppContext.BaseDirectory.Contains("/Release/", StringComparison.Ordinal) ? "Release" : "Debug";

    /// <summary>The daemon; another one (a packaged one, say) by TWONODEHA_DAEMON.</summary>
    public static string[] Daemon => Program("TWONODEHA_DAEMON", "src/TwoNodeHa.Daemon", "twonodehad");

    /// <summary>The command line tool; another one by TWONODEHA_CTL.</summary>
    public static string[] Ctl => Program("TWONODEHA_CTL", "src/TwoNodeHa.Ctl", "ha-ctl");

    /// <summary>This simulator, which is also the emulated host.</summary>
    public static string[] Sim => Program("TWONODEHA_SIM", "sim", "sim");

    /// <summary>
    /// The project of the simulator refers to daemon and tool for the build only, so both are as new as itself, and
    /// lie where their own projects put them. The host program (apphost) is started and not <c>dotnet run</c>: its
    /// process is the daemon and not a parent of it.
    /// </summary>
    private static string[] Program(string variable, string project, string name)
    {
        if (Environment.GetEnvironmentVariable(variable) is { Length: > 0 } given)
        {
            return given.Split(' ', StringSplitOptions.RemoveEmptyEntries);
        }

        string path = Path.Combine(Root, project, "bin", Configuration, "net10.0", name);
        return File.Exists(path)
            ? [path]
            : throw new FileNotFoundException($"{path} is missing; build it with: dotnet build {project}");
    }

    private static string FindRoot()
    {
        for (DirectoryInfo? at = new(AppContext.BaseDirectory); at is not null; at = at.Parent)
        {
            if (File.Exists(Path.Combine(at.FullName, "TwoNodeHa.sln")))
            {
                return at.FullName;
            }
        }

        throw new DirectoryNotFoundException("not inside the source tree: TwoNodeHa.sln is not above this program");
    }
}
