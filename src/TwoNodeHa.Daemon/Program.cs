return await TwoNodeHa.Daemon.Host.DaemonProgram.RunAsync(args);
