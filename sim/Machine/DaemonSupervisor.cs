using TwoNodeHa.Sim.Pool;

namespace TwoNodeHa.Sim.Machine;

/// <summary>Keeps the daemon under test running as systemd would: Restart=always, output appended to daemon.log.</summary>
internal sealed class DaemonSupervisor
{
    private readonly Lock _gate = new();
    private readonly HostDirectory _directory;
    private readonly IReadOnlyList<string> _command;
    private readonly TimeSpan? _restartDelay;
    private readonly Action<string, (string Key, string Value)[]> _log;
    private ChildProcess? _current;
    private bool _stopping;

    /// <param name="restartDelay">RestartSec; null means it is never restarted.</param>
    public DaemonSupervisor(
        HostDirectory directory,
        IReadOnlyList<string> command,
        TimeSpan? restartDelay,
        Action<string, (string Key, string Value)[]> log)
    {
        _directory = directory;
        _command = command;
        _restartDelay = restartDelay;
        _log = log;
    }

    public int? Pid
    {
        get
        {
            lock (_gate)
            {
                return _current?.Pid;
            }
        }
    }

    public void Start()
    {
        lock (_gate)
        {
            if (_command.Count == 0 || _current is not null)
            {
                return;
            }

            _stopping = false;
            _current = ChildProcess.Start(Resolve(_command[0]), _command, _directory.DaemonLog, Variables());
            _log("daemon_start", [("pid", $"{_current.Pid}")]);
            _ = WatchAsync(_current);
        }
    }

    public void Signal(int signal)
    {
        lock (_gate)
        {
            _current?.Signal(signal);
        }
    }

    /// <summary>systemctl stop: TERM, then KILL after a while.</summary>
    public async Task StopAsync(TimeSpan patience)
    {
        ChildProcess? daemon;
        lock (_gate)
        {
            _stopping = true;
            daemon = _current;
        }

        if (daemon is null)
        {
            return;
        }

        daemon.Signal(Native.SigTerm);
        daemon.Signal(Native.SigCont);
        await Task.WhenAny(daemon.Ended, Task.Delay(patience)).ConfigureAwait(false);
        daemon.Signal(Native.SigKill);
        await daemon.Ended.ConfigureAwait(false);
    }

    private async Task WatchAsync(ChildProcess daemon)
    {
        int code = await daemon.Ended.ConfigureAwait(false);
        bool restart;
        lock (_gate)
        {
            _current = null;
            restart = !_stopping && _restartDelay is not null;
        }

        _log("daemon_exit", [("code", $"{code}")]);
        if (restart)
        {
            await Task.Delay(_restartDelay!.Value).ConfigureAwait(false);
            lock (_gate)
            {
                restart = !_stopping;
            }

            if (restart)
            {
                Start();
            }
        }
    }

    private List<string> Variables()
    {
        var variables = new List<string>();
        foreach (System.Collections.DictionaryEntry entry in Environment.GetEnvironmentVariables())
        {
            if ((string)entry.Key != "PATH")
            {
                variables.Add($"{entry.Key}={entry.Value}");
            }
        }

        variables.Add($"PATH={_directory.Bin}:{Environment.GetEnvironmentVariable("PATH")}");
        variables.Add($"EMULATED_HOST_DIR={_directory.Root}");
        return variables;
    }

    private static string Resolve(string program)
    {
        if (program.Contains('/', StringComparison.Ordinal))
        {
            return program;
        }

        string path = Environment.GetEnvironmentVariable("PATH") ?? "/usr/bin:/bin";
        return path.Split(':').Select(directory => Path.Combine(directory, program)).FirstOrDefault(File.Exists) ?? program;
    }
}
