import 'reflect-metadata';
import { homedir } from 'node:os';
import { text } from 'node:stream/consumers';
import { Module, type DynamicModule, type OnApplicationBootstrap, type OnApplicationShutdown } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { StandaloneGateway, withDemoPorts } from '../modules/standalone/standalone-gateway.js';
